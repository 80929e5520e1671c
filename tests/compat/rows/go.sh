# program: go
# packages: golang-go
# version: /usr/bin/go version
# does: go build and run of a program, go vet
# cannot: the go command, its compiler and what it builds are statically linked
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
# bash and what it starts besides are counted as everywhere
# counts: ^(go|compile|link|asm|main|vet)$
