# program: cmake, ninja and make
# packages: cmake ninja-build make gcc
# version: cmake --version
# does: configures a C project, builds it with ninja and with make -j2
# counts: ^(cmake|ninja|make|gmake)$
# timeout: 300
run() {
	mkdir src && cd src && echo 'cmake_minimum_required(VERSION 3.20)
project(p C)
add_library(l a.c b.c)
add_executable(m m.c)
target_link_libraries(m l)' >CMakeLists.txt
	echo 'int a(void) { return 1; }' >a.c; echo 'int b(void) { return 2; }' >b.c; echo 'int a(void); int b(void); int main(void) { return a() + b(); }' >m.c
	cmake -G Ninja -S . -B n >/dev/null && ninja -C n >/dev/null && n/m
	echo "ninja $?"
	cmake -G 'Unix Makefiles' -S . -B k >/dev/null && make -s -j2 -C k >/dev/null && k/m
	echo "make $?"
}
