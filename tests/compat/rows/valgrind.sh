# program: valgrind
# packages: valgrind
# version: valgrind --version
# does: memcheck of a program with errors
# counts: ^memcheck
# cannot: valgrind is statically linked and replaces the allocator of its client itself
run() {
	echo '#include <stdlib.h>
	int main(void) { char *p = malloc(10); int c = p[3] ? 1 : 0; free(p); return c + 2; }' | gcc -g -x c - -o a
	valgrind -q --error-exitcode=5 ./a
}
same() { sed 's/==[0-9]*==//; s/0x[0-9A-F]*//'; }
