# program: mousepad (GTK 3)
# packages: mousepad xvfb x11-utils xauth
# version: mousepad --version
# does: opens a file under Xvfb until its window is there, then is closed by a signal
# counts: ^mousepad$
run() {
	lines 500 >a.txt
	export XDG_RUNTIME_DIR=$WORK NO_AT_BRIDGE=1 GDK_BACKEND=x11
	# no bus is there, and to look for one may take as long as the wait for the window
	export DBUS_SESSION_BUS_ADDRESS=disabled: GSETTINGS_BACKEND=memory
	with_display sh -c 'mousepad --disable-server a.txt & p=$!
		for i in $(seq 400); do xwininfo -root -tree 2>/dev/null | grep -q a.txt && break; sleep 0.05; done
		xwininfo -root -tree | grep -o "a.txt - Mousepad" | head -1; kill $p; wait $p' 2>/dev/null
}
