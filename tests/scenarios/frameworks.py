"""Python as frameworks make it leak, and as they do not: methods that are cached, errors
that are kept, handlers that are added twice, classes that are made.

Usage: frameworks.py NAME SECONDS
"""
import functools
import itertools
import json
import logging
import sqlite3

from ticks import run, ticks


class View:
    def __init__(self, n):
        self.n = n
        self.text = "view %d " % n * 4

    @functools.lru_cache(maxsize=None)
    def rendered(self):
        return self.text.upper()


def cached_methods():
    """The cache holds every view there ever was."""
    for n in ticks(200):
        View(n).rendered()


def errors_kept():
    errors = []
    for n in ticks(100):
        try:
            json.loads("{broken %d" % n)
        except ValueError as error:
            errors.append(error)


def handlers_added():
    for _ in ticks(60):
        logging.getLogger("request").addHandler(logging.NullHandler())


def classes_made():
    for n in ticks(60):
        type("Row%d" % (n % 10), (), {"number": n, "__slots__": ()})


def sessions():
    """By number of the last 400, oldest first out."""
    table = {}
    for n in ticks(500):
        table["session %d" % n] = {"n": n, "cart": ["c%d" % n] * 3}
        if len(table) > 400:
            del table[next(iter(table))]


def lines_in_batches():
    batch = []
    for n in ticks(700):
        batch.append(json.dumps({"n": n, "text": "t" * 50}))
        if len(batch) == 1200:
            "\n".join(batch)
            batch.clear()


def streams():
    def numbers():
        for n in itertools.count():
            yield {"n": n, "text": "t%d" % n}
    source = (row["text"] for row in numbers())
    for _ in ticks(600):
        next(source)


def rows_in_memory():
    base = sqlite3.connect(":memory:")
    base.execute("create table t(a, b)")
    for n in ticks(300):
        base.execute("insert into t values (?, ?)", (n, "text %d" % n * 5))


run({"cached-methods": cached_methods, "errors-kept": errors_kept,
     "handlers-added": handlers_added, "classes-made": classes_made, "sessions": sessions,
     "lines-in-batches": lines_in_batches, "streams": streams,
     "rows-in-memory": rows_in_memory})
