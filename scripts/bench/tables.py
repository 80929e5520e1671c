"""Figures from samples, as aligned tables (Markdown reads them too)."""
import math
import statistics

GEOMEAN_OF = ("sqlite", "python", "cc1", "jq", "perl")


class Results:
    """samples[program][tool]: one Sample for each round, or the reason there is none."""

    def __init__(self):
        self.samples = {}

    def add(self, program, tool, sample):
        self.samples.setdefault(program, {}).setdefault(tool, []).append(sample)

    def died(self, program, tool, why):
        self.samples.setdefault(program, {})[tool] = why

    def get(self, program, tool):
        found = self.samples[program].get(tool)
        return found if isinstance(found, list) else None

    def median(self, program, tool, what="seconds"):
        found = self.get(program, tool)
        return statistics.median(getattr(s, what) for s in found) if found else None

    def slowdown(self, program, tool):
        """Median, least and most of the ratios to the same round without a tool."""
        ours, none = self.get(program, tool), self.get(program, "none")
        if not ours or not none:
            return None
        ratios = [a.seconds / b.seconds for a, b in zip(ours, none)]
        return statistics.median(ratios), min(ratios), max(ratios)

    def added(self, program, tool, over):
        a, b = self.median(program, tool), self.median(program, over)
        return None if a is None or b is None else a - b

    def least_cpu(self, program, tool):
        found = self.get(program, tool)
        known = [s.cpu_seconds for s in found or [] if s.cpu_seconds is not None]
        return min(known) if known else None

    def cpu_added(self, program, tool):
        a, b = self.least_cpu(program, tool), self.least_cpu(program, "noop")
        return None if a is None or b is None else a - b

    def heaptrack_ratio(self, program, tool):
        """Time that heaptrack adds, the faster way, over the time that `tool` adds."""
        theirs = [self.added(program, name, "none") for name in ("ht-raw", "heaptrack")]
        theirs = [seconds for seconds in theirs if seconds is not None]
        ours = self.added(program, tool, "none")
        return min(theirs) / ours if theirs and ours and ours > 0 else None

    def memory(self, program, tool):
        """Peak RSS and the segment, over peak RSS without a tool."""
        rss, none = self.median(program, tool, "rss_kb"), self.median(program, "none", "rss_kb")
        if not rss or not none:
            return None
        return (rss + self.median(program, tool, "segment_kb")) / none


def aligned(rows):
    """Rows of cells as a Markdown table whose columns are aligned as text too."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = ["| " + " | ".join(cell.ljust(width) if i == 0 else cell.rjust(width)
                               for i, (cell, width) in enumerate(zip(row, widths))) + " |"
             for row in rows]
    rule = "|" + "|".join("-" * (w + 1) + (":" if i else "-") for i, w in enumerate(widths)) + "|"
    return "\n".join([lines[0], rule, *lines[1:]])


def table(results, programs, tools, cell):
    head = ["program", *tools]
    return aligned([head] + [[program] + [cell(program, tool) for tool in tools]
                             for program in programs])


def show(value, form="%.2f"):
    return "" if value is None else form % value


def sections(results, programs, floors):
    """(title, table) of everything that there is to say; floors: by tool."""
    tools = list(floors)

    def reason(program, tool):
        why = results.samples[program].get(tool)
        return why if isinstance(why, str) else ""

    def slow(program, tool):
        found = results.slowdown(program, tool)
        if found is None:
            return reason(program, tool)
        return "%.2f (%.2f-%.2f)" % found if found[1] < found[2] else "%.2f" % found[0]

    def over_floor(program, tool):
        added = results.added(program, tool, floors[tool])
        if added is None:
            return ""
        micro = program.startswith(("micro", "redis"))
        return "%.1f ns" % (added * 1e9) if micro else "%.0f ms" % (added * 1e3)

    ours = [tool for tool in tools if tool in ("exact", "sampled", "dormant")]
    yield "Slowdown: median of the rounds (least-most)", table(results, programs, tools, slow)
    yield ("Time added over the floor: the no-op shim, or the other allocator without its "
           "profiler (micro: a pair; redis: a request)"), table(
        results, programs, [tool for tool in tools
                            if tool != "none" and floors[tool] in tools and floors[tool] != tool],
        over_floor)
    if ours:
        yield "heaptrack's added time (the faster of both ways) over ours", table(
            results, programs, ours,
            lambda program, tool: show(results.heaptrack_ratio(program, tool), "%.1f x"))
    whole = [program for program in programs if results.least_cpu(program, "noop") is not None]
    if whole:
        yield ("Processor time added over the no-op shim: least of the rounds, in which other "
               "work on the machine shows less"), table(
            results, whole, [tool for tool in tools if floors[tool] == "noop" and tool != "noop"],
            lambda program, tool: cpu_cell(results, program, tool))
    pairs = [(name, name + "-2t") for name in programs if name + "-2t" in programs]
    if pairs:
        yield "Throughput of two threads over one", table(
            results, [one for one, _ in pairs], tools,
            lambda one, tool: show(scaling(results, one, one + "-2t", tool)))
    yield "Peak RSS and segment, over peak RSS alone", table(
        results, programs, tools, lambda p, t: show(results.memory(p, t)))


def cpu_cell(results, program, tool):
    """Milliseconds, and the part of the shim's own."""
    added, floor = results.cpu_added(program, tool), results.least_cpu(program, "noop")
    return "" if added is None else "%.0f ms (%+.1f %%)" % (added * 1e3, 100 * added / floor)


def scaling(results, one, two, tool):
    """Pairs a second of two threads, over one thread's."""
    a, b = results.median(one, tool), results.median(two, tool)
    return 2 * a / b if a and b else None


def geomean(values):
    values = [value for value in values if value]
    return math.exp(sum(map(math.log, values)) / len(values)) if values else None


def summary(results):
    """The two figures that the project is held to."""
    programs = [name for name in GEOMEAN_OF if name in results.samples]
    slow = geomean([found[0] for found in (results.slowdown(p, "exact") for p in programs)
                    if found])
    ratio = geomean([results.heaptrack_ratio(p, "exact") for p in programs])
    if slow is None:
        return ""
    return "Exact, geometric mean over %s: slowdown %.2f%s." % (
        ", ".join(programs), slow,
        "; heaptrack adds %.1f times as much time" % ratio if ratio else "")
