#!/usr/bin/env bash
# Runs a fuzzer for some seconds from its seeds; fails when it finds anything.
# Usage: run_fuzz.sh FUZZER SEEDS SECONDS [OPTION...]
# SEEDS is a folder, which is only read, or a program that fills the folder it is given.
# What the fuzzed commands print is thrown away. Without a fuzzer: skipped, or failed
# where HEAPRING_TEST_REQUIRE=1 says that all must be there.
set -euo pipefail
if [ $# -lt 3 ]; then
	echo "no clang, so no libFuzzer: scripts/setup installs it"
	[ "${HEAPRING_TEST_REQUIRE:-0}" = 1 ] && exit 1
	exit 77
fi
fuzzer=$(realpath "$1")
seeds=$(realpath "$2")
seconds=$3
shift 3
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir "$folder/new"
given=()
if [ -d "$seeds" ]; then
	given=("$seeds")
else
	"$seeds" "$folder/new"
fi
cd "$folder"
if ! "$fuzzer" -max_total_time="$seconds" -max_len=8000 -timeout=60 -close_fd_mask=3 \
	-print_final_stats=1 "$@" new "${given[@]}" >log 2>&1; then
	tail -60 log
	for found in crash-* leak-* oom-* timeout-*; do
		[ -f "$found" ] && echo "$found, in base64: $(base64 -w 0 "$found")"
	done
	exit 1
fi
tail -8 log
