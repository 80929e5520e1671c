"""The same in Python: with PYTHONMALLOC=malloc each object is a block of its own.

Usage: objects.py NAME SECONDS
"""
from ticks import run, ticks


def grows():
    kept = []
    for n in ticks(200):
        kept.append({"number": n, "text": "x" * 50})


def churns():
    for _ in ticks(100):
        for n in range(60):
            str(n * 1000) + "x" * (n % 50)


def bounded():
    cache = {}
    for n in ticks(800):
        cache[n % 1500] = "value %d" % n * 5


def batches():
    lines = []
    for n in ticks(500):
        lines.append("y" * (700 + n % 2))
        if len(lines) > 700:
            lines.clear()


run({"grows": grows, "churns": churns, "bounded": bounded, "batches": batches})
