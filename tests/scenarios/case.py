"""One program of the labelled set, with its arguments and what is true of it."""
import dataclasses


@dataclasses.dataclass
class Case:
    program: str
    name: str
    verdict: tuple          # any of these is right
    culprit: tuple = ()     # any of these functions; none: not checked
    scale: float = 1
    seconds: float = 8
    interval: str = "100ms"
    growth: str = None
    half: str = "tuning"
    live: bool = False      # audited at 9/10 of its time, while it lives
    too_short: bool = False  # confidence must be below 0.5; any verdict but leak is right
    rate: str = "exact"
    argv: tuple = ()        # of a program that is no scenario
    mmap: bool = False      # mappings are recorded, too
    by_hand: bool = False   # only with --whole: the set has five minutes

    @property
    def title(self):
        extra = ("" if self.rate == "exact" else " sampled") + (" mmap" if self.mmap else "")
        return "%s %s x%g %gs/%s%s" % (self.program, self.name, self.scale, self.seconds,
                                       self.interval, extra)


LEAK, STEADY, STORM = ("leak",), ("steady",), ("storm",)
SAW, WARM = ("sawtooth",), ("warming",)


def leak(name, culprit, growth="linear", program="leaks", **more):
    return Case(program, name, LEAK, culprit, growth=growth, **more)
