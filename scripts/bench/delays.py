"""The delays of single calls, as tests/bench/delay sees them under each tool."""
import os
import subprocess
import tempfile

import runs
import tables

CALLS = 10_000_000
COLUMNS = ("p50", "p99", "p99.9", "p99.99", "p99.999", "longest", "preempted")
TOOLS = ("none", "noop", "exact", "sampled", "dormant", "ht-raw", "heaptrack")


def measure(program, tool, calls):
    """Nanoseconds by column; None when the tool fails."""
    with tempfile.TemporaryDirectory(dir="/dev/shm", prefix="heapring-bench.") as folder:
        argv, env = tool.command([program, str(calls)], folder)
        done = subprocess.run(argv, env=runs.environment(env), capture_output=True, text=True,
                              check=False)
    lines = [line.split() for line in done.stdout.splitlines()]
    found = [line for line in lines if len(line) == len(COLUMNS) and line[0].isdigit()]
    return [int(field) for field in found[0]] if done.returncode == 0 and found else None


def show(column, value):
    if column == "preempted":
        return str(value)
    return "%d ns" % value if value < 10000 else "%.1f us" % (value / 1000)


def section(build, tools, quick):
    """The table; a program that the kernel switched away during a call is left out of it."""
    program = os.path.join(build, "tests", "bench", "delay")
    rows = [["one malloc under", *COLUMNS]]
    for tool in tools:
        figures = measure(program, tool, CALLS // 20 if quick else CALLS) \
            if tool.name in TOOLS else None
        if figures:
            rows.append([tool.name] + [show(*pair) for pair in zip(COLUMNS, figures)])
    return tables.aligned(rows)
