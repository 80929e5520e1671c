# program: gcc and g++
# packages: gcc g++ binutils
# version: gcc --version
# does: the whole drivers: preprocess, compile, assemble, link with LTO, run the result
# counts: ^(gcc|g\+\+|x86_64-linux-gnu.*|cc1|cc1plus|as|collect2|lto1|lto-wrapper|ld.*)$
# quick: yes
run() {
	for i in $(seq 150); do
		echo "int f$i(int a) { int s = 0; for (int i = 0; i < a; i++) s += i * $i ^ (s >> 3); return s; }"
	done >a.c
	echo '#include <stdio.h>
	int f7(int); int main(void) { printf("%d\n", f7(100)); return 3; }' >b.c
	gcc -O2 -flto=2 -pipe a.c b.c -o ab && ./ab
	echo "status $?"
	echo '#include <map>
	#include <iostream>
	int main() { std::map<std::string, int> m; for (int i = 0; i < 1000; i++) m[std::to_string(i % 77)]++; std::cout << m.size() << "\n"; }' >c.cc
	g++ -O1 -g c.cc -o c && ./c
	gcc -c nonsense.c
}
