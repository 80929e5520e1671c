"""Python as it is written: what scripts keep, what they only use."""
import collections
import functools
import gc
import io
import json
import queue
import random
import threading
import weakref

import ticks

RANDOM = random.Random(5)


def registry_of_instances():
    class Job:
        everything = []

        def __init__(self, number):
            self.name = "job number %d" % number
            self.everything.append(self)
    for number in ticks.ticks(200):
        Job(number)


def default_argument():
    def visited(page, seen={}):
        seen[page] = seen.get(page, 0) + 1
        return len(seen)
    for number in ticks.ticks(300):
        visited("/page/%d" % number)


def cycles_without_collector():
    gc.disable()
    for number in ticks.ticks(150):
        node = {"number": number, "text": "x" * 50}
        node["self"] = node


def cycles_with_collector():
    for number in ticks.ticks(1500):
        node = {"number": number, "text": "x" * 50}
        node["self"] = node


def cache_without_bound():
    @functools.lru_cache(maxsize=None)
    def price(article):
        return "%d.%02d EUR" % (article, article % 100)
    for _ in ticks.ticks(300):
        price(RANDOM.randrange(10 ** 9))


def cache_with_bound():
    @functools.lru_cache(maxsize=300)
    def price(article):
        return "%d.%02d EUR" % (article, article % 100)
    for _ in ticks.ticks(600):
        price(RANDOM.randrange(5000))


def window():
    last = collections.deque(maxlen=500)
    for number in ticks.ticks(500):
        last.append({"number": number, "value": RANDOM.random()})


def parses_json():
    text = json.dumps([{"id": i, "tags": ["a%d" % j for j in range(6)]} for i in range(40)])
    for _ in ticks.ticks(50):
        json.dumps(json.loads(text))


def queue_without_consumer():
    waiting = queue.Queue()

    def consume():
        while True:
            waiting.get()
            threading.Event().wait(0.02)
    threading.Thread(target=consume, daemon=True).start()
    for number in ticks.ticks(200):
        waiting.put(("event", number, "payload %d" % number))


def flushed():
    lines = []
    for number in ticks.ticks(400):
        lines.append("line %d of the log, which is flushed now and then" % number)
        if len(lines) == 900:
            lines.clear()


def weak_cache():
    class Picture:
        def __init__(self):
            self.pixels = bytearray(3000)
    cache, shown = weakref.WeakValueDictionary(), collections.deque(maxlen=30)
    for _ in ticks.ticks(200):
        number = RANDOM.randrange(1000)
        picture = cache.get(number) or Picture()
        cache[number] = picture
        shown.append(picture)


def report_in_memory():
    out = io.BytesIO()
    for _ in ticks.ticks(100):
        out.write(b"a row of the report, that nobody asks for\n" * 20)


ticks.run({
    "registry-of-instances": registry_of_instances,
    "default-argument": default_argument,
    "cycles-without-collector": cycles_without_collector,
    "cycles-with-collector": cycles_with_collector,
    "cache-without-bound": cache_without_bound,
    "cache-with-bound": cache_with_bound,
    "window": window,
    "parses-json": parses_json,
    "queue-without-consumer": queue_without_consumer,
    "flushed": flushed,
    "weak-cache": weak_cache,
    "report-in-memory": report_in_memory,
})
