"""Python as it is written every day: handlers, pools, caches by hand, text that grows.

Usage: everyday.py NAME SECONDS
"""
import collections
import csv
import io
import json
import re
import threading
import queue

from ticks import run, ticks


class Request:
    def __init__(self, n):
        self.path, self.headers = "/items/%d" % n, {"agent": "a%d" % n, "n": n}


def requests_kept():
    """A debug list that nobody empties."""
    seen = []
    for n in ticks(200):
        request = Request(n)
        if n % 4 == 0:
            seen.append(request)


def by_user():
    """One list for each user, each of which grows."""
    events = collections.defaultdict(list)
    for n in ticks(400):
        events[n % 50].append(("event", n, "text %d" % n))


def text_grows():
    buffer = io.StringIO()
    for n in ticks(300):
        buffer.write("a line of the log, number %d, and what else there is\n" % n)


def expiring():
    """Entries of the last second and a half."""
    entries = collections.OrderedDict()
    for n in ticks(400):
        entries[n] = {"value": "v" * 50, "n": n}
        while next(iter(entries)) < n - 600:
            entries.popitem(last=False)


def tables():
    """A file is read, summed up and forgotten."""
    text = "\n".join("%d,name %d,%d" % (n, n, n * n) for n in range(300))
    for _ in ticks(20):
        rows = list(csv.DictReader(io.StringIO(text), ["id", "name", "square"]))
        sum(int(row["square"]) for row in rows)


def jobs():
    """A second of gathering, then all is written out."""
    rows = []
    for n in ticks(600):
        rows.append({"id": n, "text": "row %d of the job" % n})
        if n % 700 == 0:
            json.dumps(rows)
            rows = []


def worker_queue():
    """A bounded queue between two threads."""
    todo = queue.Queue(maxsize=50)

    def work():
        while True:
            todo.get()
    threading.Thread(target=work, daemon=True).start()
    for n in ticks(400):
        todo.put({"n": n, "payload": "p" * 200})


def stuck_workers():
    lock = threading.Lock()
    lock.acquire()
    for _ in ticks(3):
        threading.Thread(target=lock.acquire, daemon=True).start()


def parses():
    pattern = re.compile(r"(\w+)=(\w+)")
    for n in ticks(300):
        dict(pattern.findall("a=%d b=%d c=text d=%d" % (n, n + 1, n + 2)))


run({"requests-kept": requests_kept, "by-user": by_user, "text-grows": text_grows,
     "expiring": expiring, "tables": tables, "jobs": jobs, "worker-queue": worker_queue,
     "stuck-workers": stuck_workers, "parses": parses})
