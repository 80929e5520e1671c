"""Python programs as people write them: caches, queues, threads, reference cycles.

Usage: services.py NAME SECONDS
"""
import collections
import functools
import gc
import json
import threading

from ticks import run, ticks


def unbounded_memo():
    memo = {}
    for n in ticks(300):
        memo["key %d" % n] = json.dumps({"answer": n, "text": "t" * 40})


def lru():
    @functools.lru_cache(maxsize=600)
    def look_up(key):
        return "value of %d " % key * 5
    for n in ticks(600):
        look_up(n * 7919 % 100000)


class Node:
    def __init__(self):
        self.me = self
        self.payload = "p" * 80


def cycles_collected():
    gc.set_threshold(2000, 5, 5)
    for _ in ticks(800):
        Node()


def cycles_leak():
    gc.disable()
    for _ in ticks(200):
        Node()


def last_events():
    events = collections.deque(maxlen=400)
    for n in ticks(500):
        events.append({"n": n, "text": "e" * 60})


def documents():
    text = json.dumps([{"id": n, "tags": ["a%d" % n, "b"]} for n in range(40)])
    for _ in ticks(50):
        json.loads(text)


def thread_leak():
    for _ in ticks(4):
        threading.Thread(target=threading.Event().wait, daemon=True).start()


def handler_leak():
    handlers = []
    for n in ticks(150):
        handlers.append(lambda n=n: n)
        sum(call() for call in handlers[:5])


run({"unbounded-memo": unbounded_memo, "lru": lru, "cycles-collected": cycles_collected,
     "cycles-leak": cycles_leak, "last-events": last_events, "documents": documents,
     "thread-leak": thread_leak, "handler-leak": handler_leak})
