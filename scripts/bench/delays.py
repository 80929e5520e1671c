"""The delays of single calls, as tests/bench/delay sees them under each tool."""
import os
import statistics
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
        return "%d" % value
    return "%d ns" % value if value < 10000 else "%.1f us" % (value / 1000)


def cell(column, values):
    """The median; of the longest, which one interrupt decides, the least and most too."""
    text = show(column, statistics.median(values))
    if column != "longest" or len(values) == 1:
        return text
    return "%s (%s-%s)" % (text, show(column, min(values)), show(column, max(values)))


def section(build, tools, rounds, calls=CALLS):
    """The table; a call during which the kernel switched the thread away is left out."""
    program = os.path.join(build, "tests", "bench", "delay")
    tools = [tool for tool in tools if tool.name in TOOLS]
    figures = {tool.name: [] for tool in tools}
    for _ in range(rounds):
        for tool in tools:
            found = measure(program, tool, calls)
            if found:
                figures[tool.name].append(found)
    rows = [["one malloc under", *COLUMNS]]
    rows += [[name] + [cell(*pair) for pair in zip(COLUMNS, zip(*found))]
             for name, found in figures.items() if found]
    return tables.aligned(rows)
