#!/usr/bin/env python3
"""Runs a program under the verifying shim; fails on any stack that differs.

Usage: run_verified.py SHIM [--depth N] [--least STACKS] [--endless-stack] -- PROGRAM [ARG...]
Prints the first differences. PROGRAM must exit 0, and so many stacks must have
been compared in it and its children together that a shim which compares nothing
fails too.
"""
import argparse
import os
import re
import resource
import subprocess
import sys
import tempfile


def endless_stack():
    """As ulimit -s unlimited, where the hard limit allows."""
    hard = resource.getrlimit(resource.RLIMIT_STACK)[1]
    resource.setrlimit(resource.RLIMIT_STACK, (hard, hard))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("shim")
    parser.add_argument("--depth", default="128")
    parser.add_argument("--endless-stack", action="store_true")
    parser.add_argument("--least", type=int, default=1000)
    parser.add_argument("command", nargs="+")
    options = parser.parse_args()

    with tempfile.TemporaryDirectory(prefix="heapring-verify-") as folder:
        log = os.path.join(folder, "log")
        env = dict(os.environ, LD_PRELOAD=os.path.abspath(options.shim), HEAPRING_DIR=folder,
                   HEAPRING_DEPTH=options.depth, HEAPRING_VERIFY_LOG=log)
        status = subprocess.run(options.command, env=env,
                                preexec_fn=endless_stack if options.endless_stack else None).returncode
        lines = open(log, errors="replace").read().splitlines() if os.path.exists(log) else []

    counts = [re.fullmatch(r"heapring-verify: pid \d+ stacks (\d+) differences (\d+)", line)
              for line in lines]
    stacks = sum(int(m[1]) for m in counts if m)
    differences = sum(int(m[2]) for m in counts if m)
    for line in [line for line in lines if " difference, " in line][:5]:
        print(line[:6000])
    print(f"exit {status}, {stacks} stacks in {sum(m is not None for m in counts)} processes,"
          f" {differences} differences")
    return 0 if status == 0 and differences == 0 and stacks >= options.least else 1


if __name__ == "__main__":
    sys.exit(main())
