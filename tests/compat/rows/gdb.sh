# program: gdb
# packages: gdb
# version: gdb --version
# does: loads symbols of libc, breaks in a program, steps, prints, backtraces, with Python
run() {
	gdb -nx -batch -q -ex 'set debuginfod enabled off' -ex 'python print(sum(range(1000)))' -ex 'break write' -ex 'run hello >/dev/null' -ex 'bt 2' \
		-ex 'info sharedlibrary' -ex 'finish' -ex 'kill' -ex 'info functions ^mallopt$' /bin/echo 2>&1
}
same() { grep -v 'libheapring\|process\|No shared lib' | sed 's/0x[0-9a-f]*//g; s/([^)]*=[^)]*)//'; }
