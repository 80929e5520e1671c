#!/usr/bin/env bash
# Runs a fuzzer for some seconds from fresh seeds; fails when it finds anything.
# Usage: run_fuzz.sh FUZZER SEEDER SECONDS
set -euo pipefail
fuzzer=$(realpath "$1")
seeder=$(realpath "$2")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$seeder" "$folder"
cd "$folder"
if ! "$fuzzer" -max_total_time="$3" -max_len=16000 -print_final_stats=1 "$folder" >log 2>&1; then
	tail -60 log
	exit 1
fi
tail -8 log
