# program: ldd (glibc)
# packages: libc-bin
# version: ldd --version
# does: the libraries of 20 programs; it runs the loader with LD_TRACE_LOADED_OBJECTS
# quick: yes
# note: The shim itself is listed as a library when the environment names it, as any preloaded one is.
run() {
	for program in bash cat ls cp mv rm sort tr cut wc head tail seq date env id stat chmod mkdir dd; do
		ldd "$(command -v $program)"
	done
}
same() { grep -v libheapring.so | sed 's/ (0x[0-9a-f]*)//'; }
