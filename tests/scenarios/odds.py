"""Python of many trades: tasks, rows, handlers, words, trees."""
import asyncio
import collections
import logging
import logging.handlers
import random
import sqlite3
import threading
import xml.etree.ElementTree as tree

import ticks

RANDOM = random.Random(11)


def tasks_wait():
    async def wait_for(event):
        await event.wait()

    async def main():
        never, tasks = asyncio.Event(), []
        for _ in ticks.ticks(100):
            tasks.append(asyncio.ensure_future(wait_for(never)))
            await asyncio.sleep(0)
        for task in tasks:
            task.cancel()
    asyncio.run(main())


def tasks_done():
    async def answer(number):
        await asyncio.sleep(0)
        return {"number": number, "text": "answer %d" % number}

    async def main():
        for number in ticks.ticks(100):
            await asyncio.gather(*(answer(number + i) for i in range(5)))
    asyncio.run(main())


def rows_in_memory():
    base = sqlite3.connect(":memory:")
    base.execute("create table log(at integer, text text)")
    for number in ticks.ticks(200):
        base.execute("insert into log values (?, ?)", (number, "entry %d " % number * 8))


def rows_read():
    base = sqlite3.connect(":memory:")
    base.execute("create table log(at integer, text text)")
    base.executemany("insert into log values (?, ?)",
                     ((i, "entry %d" % i) for i in range(3000)))
    for number in ticks.ticks(50):
        base.execute("select * from log where at % 30 = ?", (number % 30,)).fetchall()


def log_in_batches():
    logger = logging.getLogger("batches")
    logger.propagate = False
    logger.addHandler(logging.handlers.MemoryHandler(600, target=logging.NullHandler()))
    logger.setLevel(logging.INFO)
    for number in ticks.ticks(300):
        logger.info("message %d of %s", number, "x" * 100)


def words_counted():
    """A vocabulary of 1,500 words: after a third of the time hardly one is new."""
    count = collections.Counter()
    for _ in ticks.ticks(200):
        for _ in range(25):
            count["word %d" % RANDOM.randrange(1500)] += 1


def words_still_come():
    """Heaps' law: the n-th word is new with a chance of n to the power of -0.3."""
    count, words = collections.Counter(), 0
    for _ in ticks.ticks(200):
        for _ in range(25):
            words += 1
            new = RANDOM.random() < words ** -0.3
            count["word %d" % (len(count) if new else RANDOM.randrange(len(count) or 1))] += 1


def trees_parsed():
    text = "<a>" + "<b c='d'>text of an element</b>" * 60 + "</a>"
    for _ in ticks.ticks(60):
        tree.fromstring(text)


def results_by_thread():
    results, lock = {}, threading.Lock()

    def work(number):
        with lock:
            results[number] = ["result"] * 20
    for number in ticks.ticks(40):
        thread = threading.Thread(target=work, args=(number,))
        thread.start()
        thread.join()


def text_grows():
    text = bytearray()
    for _ in ticks.ticks(150):
        text += b"another piece of the transcript, which is kept whole "


ticks.run({
    "tasks-wait": tasks_wait,
    "tasks-done": tasks_done,
    "rows-in-memory": rows_in_memory,
    "rows-read": rows_read,
    "log-in-batches": log_in_batches,
    "words-counted": words_counted,
    "words-still-come": words_still_come,
    "trees-parsed": trees_parsed,
    "results-by-thread": results_by_thread,
    "text-grows": text_grows,
})
