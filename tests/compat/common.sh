# What the rows of scripts/compat share. Sourced before a row.
set -u -o pipefail

prepare() { :; }
same() { cat; }

# For servers that refuse to run as root.
as_other() {
	if [ "$(id -u)" = 0 ]; then
		setpriv --reuid=postgres --regid=postgres --clear-groups "$@"
	else
		"$@"
	fi
}

# wait_for COMMAND...: until it succeeds, for at most a minute.
wait_for() {
	for _ in $(seq 1200); do
		"$@" >/dev/null 2>&1 && return 0
		sleep 0.05
	done
	echo "waited in vain for: $*" >&2
	return 1
}

# A text that is the same everywhere: lines of words and numbers.
lines() { # COUNT
	seq 1 "$1" | sed 's/$/ the quick brown fox jumps over the lazy dog/'
}

# with_display COMMAND...: under an X server of its own.
with_display() {
	local display
	Xvfb -displayfd 9 -screen 0 800x600x24 -nolisten tcp 9>display 2>/dev/null &
	wait_for test -s display
	read -r display <display
	export DISPLAY=:$display
	wait_for xwininfo -root
	"$@"
	local status=$?
	kill $!
	wait $! 2>/dev/null
	return $status
}
