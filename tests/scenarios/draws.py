"""Programs put together at random (mixture.c): what they are follows from their parts.

draw(SEED) always gives the same cases. Figures are drawn over decades, so that most
mixtures are not what anybody would have thought of.
"""
import random

STEADY, WARM, SAW, LEAK, STORM = ("steady",), ("warming",), ("sawtooth",), ("leak",), ("storm",)


class Draw:
    """One program: its parts, how long it runs, what a slice is."""

    def __init__(self, dice):
        self.dice = dice
        self.seconds = dice.choice((5, 6, 8, 10))
        self.interval = dice.choice((50, 100, 100, 200))
        self.parts = []
        self.live = 0  # bytes that are always there, more or less

    def decade(self, low, high):
        return low * (high / low) ** self.dice.random()

    def add(self, name, *figures):
        self.parts.append(":".join([name] + ["%.4g" % figure for figure in figures]))

    def add_heap(self):
        blocks, size = self.decade(20, 4000), self.decade(30, 3000)
        self.add("heap", blocks, size)
        self.live += blocks * size

    def add_traffic(self):
        self.add("traffic", self.decade(100, 20000), self.decade(16, 4000))

    def add_turnover(self):
        room, size = self.decade(50, 3000), self.decade(30, 1500)
        self.add("turnover", room, self.decade(50, 3000), size)
        self.live += room * size

    def add_walk(self):
        """Mixes within a fifth of a second and so wanders as fast as noise does."""
        room, size = self.decade(50, 1500), self.decade(30, 800)
        self.add("walk", room, room * self.decade(3, 10), size)
        self.live += room * size / 2

    def add_quiet_parts(self):
        adders = [self.add_heap, self.add_traffic, self.add_turnover, self.add_walk]
        for adder in self.dice.sample(adders, self.dice.randint(1, 3)):
            adder()
        if self.dice.random() < 0.3:
            blocks, size = self.decade(50, 1000), self.decade(50, 2000)
            self.add("ramp", blocks, size, self.dice.uniform(0.1, 0.08 * self.seconds))
            self.live += blocks * size

    def add_bursts(self):
        self.add("bursts", self.decade(1, 4), self.decade(20, 300), self.decade(50, 1000))

    def add_leak(self):
        """At least 30 blocks and 4 KiB, and 2 % of what is there."""
        rate = self.decade(30 / self.seconds, 400)
        least = max(4096, 0.02 * self.live) / rate / self.seconds
        self.add("leak", rate, max(16, least, self.decade(16, 2000)))

    def add_teeth(self, share):
        """Three to nine of them, so high as that share of the rest, and 64 KiB at least."""
        blocks = self.decade(50, 2000)
        size = max(16, max(65536, share * self.live) / blocks)
        self.add("teeth", blocks * self.dice.uniform(3, 9) / self.seconds, blocks, size)

    def add_cache(self):
        """The last quarter of the time brings 5 to 11 % of what it holds in the end."""
        keys = self.decade(200, 4000)
        size = max(16, max(65536, 0.5 * self.live) / keys)
        self.add("cache", keys, keys * self.dice.uniform(2.2, 4) / self.seconds, size)

    def add_ring(self):
        """Full after three to six tenths of the time."""
        slots = self.decade(200, 4000)
        size = max(16, max(65536, 0.5 * self.live) / slots)
        self.add("ring", slots, slots / self.dice.uniform(0.3, 0.6) / self.seconds, size)


def steady(draw):
    draw.add_quiet_parts()
    if draw.dice.random() < 0.4:
        draw.add_bursts()
        return STEADY + SAW, ()
    return STEADY, ()


def leaks(draw):
    draw.add_quiet_parts()
    if draw.dice.random() < 0.3:
        draw.add_bursts()
    draw.add_leak()
    return LEAK, ("lose",)


def sawtooth(draw):
    draw.add_quiet_parts()
    draw.add_teeth(draw.dice.uniform(0.8, 3))
    return SAW, ("gather",)


def leaks_below_teeth(draw):
    draw.add_quiet_parts()
    draw.add_teeth(draw.dice.uniform(0.3, 2))
    draw.add_leak()
    return LEAK, ("lose",)


def warming(draw):
    draw.add_quiet_parts()
    draw.add_cache()
    return WARM + STEADY, ("look_up", "replace")


def fills(draw):
    draw.add_quiet_parts()
    draw.add_ring()
    return WARM + STEADY, ("record", "replace")


def storm(draw):
    draw.add_heap()
    draw.add("traffic", draw.decade(3e5, 8e5), draw.decade(16, 200))
    return STORM, ("pass",)


FAMILIES = (steady, leaks, sawtooth, leaks_below_teeth, warming, fills, storm)
WEIGHTS = (8, 9, 4, 4, 4, 3, 1)


def draw(seed, count):
    """(parts, seconds, slice in ms, verdicts, culprits) of each."""
    dice = random.Random(seed)
    for _ in range(count):
        one = Draw(dice)
        verdicts, culprits = dice.choices(FAMILIES, WEIGHTS)[0](one)
        yield one.parts, one.seconds, one.interval, verdicts, culprits
