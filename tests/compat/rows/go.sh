# program: go
# packages: golang-go
# version: /usr/bin/go version
# does: go build of a program, and the program
# complete: 0
# note: Only the go command, which has C parts, calls malloc at all; Go's compiler, linker and programs are static. Go code has no unwind information.
# counts: ^(go|compile|link|asm|main)$
# timeout: 500
run() {
	export GOCACHE=$WORK/cache GOPATH=$WORK/go GO111MODULE=off GOFLAGS=-p=2
	mkdir p && cd p && cat >main.go <<'G'
package main
import ("fmt"; "os"; "sort"; "strings")
func main() {
	m := map[string]int{}
	for i := 0; i < 100000; i++ { m[strings.Repeat("x", i%50)] += i }
	k := []string{}
	for s := range m { k = append(k, s) }
	sort.Strings(k)
	fmt.Println(len(k), m["xxx"])
	os.Exit(4)
}
G
	CGO_ENABLED=0 /usr/bin/go build -o main . && ./main
}
