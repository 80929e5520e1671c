# program: clang
# packages: clang
# version: clang --version
# does: -O2 of C and C++, -Wall, link with lld or ld, an error
# counts: ^(clang.*|ld.*)$
run() {
	for i in $(seq 100); do
		echo "int f$i(int a) { int s = 0; for (int i = 0; i < a; i++) s += i * $i ^ (s >> 3); return s; }"
	done >a.c
	echo '#include <vector>
	#include <algorithm>
	int main() { std::vector<int> v; for (int i = 0; i < 99; i++) v.push_back(i * 7 % 31); std::sort(v.begin(), v.end()); return v[40]; }' >b.cc
	clang -O2 -c a.c && clang++ -O2 -Wall b.cc -o b && ./b
	echo "status $?"
	clang -c -Wall -x c - <<<'int f( { return x; }'
}
