# program: python3
# packages: python3 libpython3.11-testsuite
# version: /usr/bin/python3 --version
# does: its own test module test_threading
# counts: ^python3
# timeout: 590
run() { /usr/bin/python3 -B -W ignore -m test -j0 test_threading 2>&1; }
same() { grep -oE '^(Tests result: .*|[0-9]+ tests? (OK|failed).*|(FAIL|ERROR): .*)' | sed 's| in [0-9].*||'; }
