#!/usr/bin/env python3
"""Programs whose truth is known: does `heapring audit` see it?

Usage: run_scenarios.py HEAPRING PROGRAMS-FOLDER [--keep FOLDER | --again FOLDER] [--whole]
    [TITLE-PART...]
Many run at once: they sleep most of their time, and catch up when the machine was
busy. Prints a line for each, then the accuracy of each batch and how well confidence
is calibrated. --keep leaves the dumps in a folder, and --again audits those once more
instead of running the programs (not the ones that are audited alive). --whole: those
too that the test leaves out, since it has five minutes.
"""
import argparse
import concurrent.futures
import json
import os
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import truth  # noqa: E402
from profiled import environment, wait_for_pid  # noqa: E402

OPTIONS = argparse.ArgumentParser()
OPTIONS.add_argument("heapring", type=os.path.abspath)
OPTIONS.add_argument("programs", type=os.path.abspath)
OPTIONS.add_argument("--keep", type=os.path.abspath)
OPTIONS.add_argument("--again", type=os.path.abspath)
OPTIONS.add_argument("--whole", action="store_true")
OPTIONS.add_argument("wanted", nargs="*")
OPTIONS = OPTIONS.parse_intermixed_args()
HEAPRING, PROGRAMS = OPTIONS.heapring, OPTIONS.programs
SOURCES = os.path.dirname(os.path.abspath(__file__))
AT_ONCE = 24
PYTHON = "/usr/bin/python3"  # what heapring profiles, whichever runs this
NEVER_LEAK = {"steady", "warming", "sawtooth"}
RIGHT_AT_LEAST = 0.95


class Result:
    def __init__(self, case, answer):
        site = answer["site"] or {}
        self.case = case
        self.verdict = answer["verdict"]
        self.culprit = site.get("function")
        self.confidence = answer["confidence"]
        self.answer = answer
        self.right = self.verdict in case.verdict
        self.culprit_right = not (case.culprit and self.right) or \
            self.culprit in case.culprit or self.verdict == "steady"
        self.growth_right = not case.growth or not self.right or \
            answer["growth"] == case.growth
        self.false_leak = self.verdict == "leak" and "leak" not in case.verdict and \
            set(case.verdict) & NEVER_LEAK
        self.overconfident = case.too_short and self.confidence >= 0.5

    @property
    def fine(self):
        return self.right and self.culprit_right and self.growth_right and \
            not self.overconfident

    def line(self):
        return "%-5s%-8s %-42s %s %s (%s) %.2f %s" % (
            "ok" if self.fine else "FAIL", self.case.half, self.case.title, self.verdict, self.answer["growth"],
            self.answer["pattern"], self.confidence, self.culprit or "")


def argv_of(case):
    if case.program == "mixture":
        return [os.path.join(PROGRAMS, "scenario_mixture"), str(case.seconds), *case.argv]
    if case.argv:
        return [case.program, *case.argv]
    if case.program.endswith(".py"):
        return [PYTHON, "-s", "-B", os.path.join(SOURCES, case.program), case.name,
                str(case.seconds)]
    return [os.path.join(PROGRAMS, "scenario_" + case.program), case.name,
            str(case.seconds), str(case.scale)]


def is_here(case):
    """Not every machine has every interpreter and compiler."""
    return os.path.exists(argv_of(case)[0])


def dump_of(case, folder):
    name = case.title.replace("/", ",").replace(" ", "_").replace(":", "-")
    return os.path.join(folder, name + ".dump")


def audit(case, target, env):
    done = subprocess.run([HEAPRING, "audit", "--format", "json", target], env=env,
                          capture_output=True, timeout=100, check=False)
    if done.returncode != 0:
        raise RuntimeError("%s: %s" % (case.title, done.stderr.decode()))
    return Result(case, json.loads(done.stdout))


def run(case):
    if OPTIONS.again:
        return audit(case, dump_of(case, OPTIONS.again), environment())
    with tempfile.TemporaryDirectory(prefix="heapring-scenario.") as folder:
        env = environment(HEAPRING_DIR=folder, PYTHONMALLOC="malloc",
                          HEAPRING_RATE=case.rate, HEAPRING_INTERVAL=case.interval,
                          HEAPRING_MMAP="1" if case.mmap else None)
        dump = dump_of(case, OPTIONS.keep or folder)
        with subprocess.Popen([HEAPRING, "run", "-q", "-o", dump, "--", *argv_of(case)],
                              env=env, stdout=subprocess.DEVNULL) as program:
            if not case.live:
                program.wait(100)
                return audit(case, dump, env)
            time.sleep(case.seconds * 0.9)
            result = audit(case, str(wait_for_pid(folder)), env)
            program.wait(100)
            return result


def share(results, is_right):
    return sum(is_right(r) for r in results) / max(1, len(results))


def report(name, results):
    blamed = [r for r in results if r.case.culprit and r.right]
    print("%s: %d cases, verdict right %.1f%%, culprit right %.1f%%, growth right %.1f%%, "
          "false leaks %d" % (
              name, len(results), 100 * share(results, lambda r: r.right),
              100 * share(blamed, lambda r: r.culprit_right),
              100 * share(results, lambda r: r.growth_right),
              sum(bool(r.false_leak) for r in results)))
    return share(results, lambda r: r.right) >= RIGHT_AT_LEAST and \
        share(blamed, lambda r: r.culprit_right) >= RIGHT_AT_LEAST and \
        not any(r.false_leak or r.overconfident for r in results)


def report_calibration(results):
    """Of verdicts with confidence c a share of c should be right."""
    for low, high in (0, 0.5), (0.5, 0.7), (0.7, 0.85), (0.85, 0.95), (0.95, 1):
        among = [r for r in results if low <= r.confidence < high]
        if among:
            print("confidence %.2f to %.2f: %d cases, mean %.2f, right %.2f" % (
                low, high, len(among), sum(r.confidence for r in among) / len(among),
                share(among, lambda r: r.right)))


def again(result):
    """Alone this time: a program that the machine held up for a while did not do what its
    label says. Wrong twice is wrong."""
    print("again, alone: %s" % result.line())
    return result if OPTIONS.again else run(result.case)


def main():
    cases = [case for case in truth.CASES
             if not OPTIONS.wanted or any(part in case.half + " " + case.title
                                          for part in OPTIONS.wanted)]
    cases = [case for case in cases if is_here(case) and (OPTIONS.whole or not case.by_hand)]
    cases.sort(key=lambda case: -case.seconds)  # nothing long is left for the end
    if OPTIONS.again:
        cases = [case for case in cases if not case.live]
    start = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        results = list(pool.map(run, cases))
    results = [again(r) if r.false_leak else r for r in results]
    for result in results:
        print(result.line())
        if not result.fine:
            print("     expected %s %s" % ("|".join(result.case.verdict), result.case.culprit))
            for line in result.answer["evidence"]:
                print("       " + line)
    for half in dict.fromkeys(case.half for case in cases):
        report(half, [r for r in results if r.case.half == half])
    passed = report("all", results)
    report_calibration(results)
    print("%.0f seconds" % (time.monotonic() - start))
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
