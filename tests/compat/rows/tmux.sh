# program: tmux
# packages: tmux
# version: tmux -V
# does: a server, 6 windows with shells, split panes, capture, kill-server
run() {
	export TMUX_TMPDIR=$WORK TERM=screen
	tmux -f /dev/null new-session -d -x 80 -y 24 'sh -c "seq 1 200; exec cat"'
	for i in 1 2 3 4 5; do tmux new-window -d "sh -c 'seq $i 20; exec cat'"; done
	tmux split-window -d -t :0 'sh -c "echo pane; exec cat"'
	wait_for sh -c 'tmux capture-pane -p -t :0.0 | grep -q 200'
	tmux capture-pane -p -t :0.0
	tmux list-windows -F '#{window_index} #{window_panes}'
	tmux kill-server
	wait_for sh -c '! tmux list-sessions'
}
