# program: bash
# packages: bash libc-bin
# version: bash --version
# does: a script of 2,000 functions, arrays and 200 subshells
# quick: yes
run() {
	bash --norc -c '
	declare -A seen
	for i in {1..2000}; do
		eval "f$i() { seen[$i]=\${1^^}; }"
		f$i "word $i"
	done
	for i in {1..200}; do x+=$(echo -n "$((i * i)) "); done
	echo "${#seen[@]} ${seen[1999]} ${#x}"
	exit 7'
}
