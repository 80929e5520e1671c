# program: stress-ng fork stressors
# packages: stress-ng
# version: stress-ng --version
# does: --fork, --vfork, --clone, --exec, --pthread and --zombie, 4,000 operations
# counts: ^stress-ng
# timeout: 400
run() {
	stress-ng --fork 2 --fork-ops 1000 --vfork 2 --vfork-ops 1000 --temp-path . -q
	echo "fork $?"
	stress-ng --clone 2 --clone-ops 500 --exec 1 --exec-ops 200 --pthread 2 --pthread-ops 1000 --zombie 1 --zombie-ops 200 --temp-path . -q
	echo "clone $?"
}
