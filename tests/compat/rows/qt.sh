# program: featherpad (Qt 5)
# packages: featherpad xvfb x11-utils xauth
# version: featherpad --version
# does: opens a file under Xvfb until its window is there, then is closed by a signal
# counts: ^featherpad$
run() {
	lines 500 >a.txt
	export XDG_RUNTIME_DIR=$WORK
	chmod 700 "$WORK"
	with_display sh -c 'featherpad --standalone a.txt & p=$!
		for i in $(seq 400); do xwininfo -root -tree 2>/dev/null | grep -q a.txt && break; sleep 0.05; done
		xwininfo -root -tree | grep -o "\"FeatherPad\"" | head -1; kill $p; wait $p' 2>/dev/null
}
