# program: stress-ng malloc stressors
# packages: stress-ng
# version: stress-ng --version
# does: --malloc 2 with realloc and threads, 20,000 operations, and --memfd, --mremap
# counts: ^stress-ng
run() {
	stress-ng --malloc 2 --malloc-ops 20000 --malloc-pthreads 4 --malloc-max 2000 --malloc-bytes 16m --temp-path . -q
	echo "malloc $?"
	stress-ng --bigheap 1 --bigheap-ops 2000 --bigheap-growth 64k --mremap 1 --mremap-ops 200 --temp-path . -q
	echo "mremap $?"
}
