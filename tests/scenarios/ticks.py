"""For programs of the labelled set: PROGRAM.py NAME SECONDS runs a scenario for so long.

What could not be kept up with (a busy machine) is made up for at once.
"""
import sys
import time


def ticks(per_second):
    """1, 2, ... when each is due, until the time is over, which begins now."""
    start, seconds, count = time.monotonic(), float(sys.argv[2]), 0
    while True:
        count += 1
        due = start + count / per_second
        if due > start + seconds:
            return
        time.sleep(max(0, due - time.monotonic()))
        yield count


def run(scenarios):
    """The one that the command line names."""
    scenarios[sys.argv[1]]()
