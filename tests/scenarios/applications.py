"""More Python: records that are kept, tasks that wait, objects that come and go.

Usage: applications.py NAME SECONDS
"""
import asyncio
import collections
import dataclasses
import weakref

from ticks import run, ticks


@dataclasses.dataclass
class Order:
    number: int
    customer: str
    lines: list


def audit_log():
    log = []
    for n in ticks(250):
        order = Order(n, "customer %d" % n, [n, n + 1])
        if n % 3 == 0:
            log.append(order)


def orders():
    for n in ticks(400):
        Order(n, "customer %d" % n, [n, n + 1])


def weak_cache():
    cache = weakref.WeakValueDictionary()
    recent = collections.deque(maxlen=200)
    for n in ticks(500):
        order = Order(n, "customer %d" % n, [n])
        cache[n] = order
        recent.append(order)


def tasks_wait():
    async def wait_for_ever(event):
        await event.wait()

    async def main():
        event, tasks = asyncio.Event(), set()
        for n in ticks(100):
            tasks.add(asyncio.ensure_future(wait_for_ever(event)))
            await asyncio.sleep(0)
        for task in tasks:
            task.cancel()
    asyncio.run(main())


def groups():
    """Gathered by key and handed on every two seconds."""
    by_key = collections.defaultdict(list)
    for n in ticks(600):
        by_key[n % 50].append("item %d of a group" % n)
        if n % 900 == 0:
            by_key.clear()


run({"audit-log": audit_log, "orders": orders, "weak-cache": weak_cache, "tasks-wait": tasks_wait,
     "groups": groups})
