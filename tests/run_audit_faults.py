#!/usr/bin/env python3
"""Each anti-pattern of the pipeline is named rightly, and the healthy run is steady.

Usage: run_audit_faults.py HEAPRING PIPELINE [FAULT...]
One after the other, as each wants both cores: about three and a half minutes. On a
machine that is busy with something else a storm may be too slow to be one; then that
is said, and what is asked is that it is no leak.
"""
import json
import os
import subprocess
import sys
import tempfile

from profiled import ARGS, HEAPRING, environment

PIPELINE = os.path.abspath(ARGS[0])
SECONDS = 12
FAST = 150000  # temporary blocks a second that the storms make on a free machine
# fault: the verdict, the patterns that are right, allocations a message
TRUTH = {
    "unbounded-queue": ("leak", ("unbounded queue",)),
    "poll-without-backpressure": ("leak", ("missing back-pressure", "unbounded queue")),
    "grow-queue-on-lag": ("leak", ("missing back-pressure", "unbounded queue")),
    "thread-per-message": ("storm", ("thread per message",)),
    "copy-every-stage": ("storm", ("copies on the hot path",), 4),
    "format-per-message": ("storm", ("formatting in a loop",), 1),
    "map-per-message": ("storm", ("a map per message",), 12),
    "no-batch": ("storm", ("missing batch",)),
    "retry-forever": ("leak", ("retries piling up",)),
    "leak-slow": ("leak", ("forgotten blocks",)),
    "leak-exponential": ("leak", ("runaway growth",)),
    "cache-without-limit": ("leak", ("cache without a limit",)),
    "log-burst": ("sawtooth", ("logging burst",)),
    "hold-fetch-buffers": ("leak", ("retained buffers", "missing back-pressure")),
    None: ("steady", ("none",)),
    "--rate=60000": ("steady", ("none",)),  # healthy, and its producer makes many blocks
}


def run(fault, folder):
    """The audit's answer and the pipeline's summary."""
    env = environment(HEAPRING_DIR=folder, HEAPRING_INTERVAL="200ms")
    dump = os.path.join(folder, "dump")
    options = [] if not fault else [fault] if fault.startswith("--") else ["--fault", fault]
    done = subprocess.run(
        [HEAPRING, "run", "-q", "-o", dump, "--", PIPELINE, "run", "--duration",
         "%ds" % SECONDS, "--drain", "1s", "--summary", "json",
         *options],
        env=env, cwd=folder, capture_output=True, timeout=200, check=False)
    if done.returncode not in (0, 1):
        sys.exit("%s: %s" % (fault, done.stderr.decode()))
    audit = subprocess.run([HEAPRING, "audit", "--format", "json", dump], env=env, check=True,
                           capture_output=True, timeout=200)
    lines = done.stdout.decode().strip().splitlines()
    return json.loads(audit.stdout), json.loads(lines[-1]) if lines else {}


def is_right(fault, answer, summary):
    verdict, patterns, *allocs = TRUTH[fault]
    if answer["verdict"] == verdict and answer["pattern"] in patterns:
        return True
    speed = summary.get("msgs_per_s", 0) * (allocs[0] if allocs else 0)
    if allocs and speed < FAST and answer["verdict"] != "leak":
        print("     too slow here to be a storm: %.0f blocks a second" % speed)
        return True
    return False


def main():
    wrong = 0
    for fault in ARGS[1:] or TRUTH:
        with tempfile.TemporaryDirectory(prefix="heapring-fault.") as folder:
            answer, summary = run(fault, folder)
        right = is_right(fault, answer, summary)
        wrong += not right
        print("%-4s %-26s %s, %s, confidence %.2f, in %s" % (
            "ok" if right else "FAIL", fault or "healthy", answer["verdict"],
            answer["pattern"], answer["confidence"],
            (answer["site"] or {}).get("function")), flush=True)
        if not right:
            print("\n".join("       " + line for line in answer["evidence"]))
    print("%d of %d wrong" % (wrong, len(ARGS[1:] or TRUTH)))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
