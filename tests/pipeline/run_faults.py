"""Each anti-pattern runs, does what its text says, and ends; the healthy run is the
control."""
from harness import *

# MiB that a second of the fault adds at least; a busy machine shows a part of that
GROW = {"unbounded-queue": 3, "poll-without-backpressure": 3, "grow-queue-on-lag": 3,
        "cache-without-limit": 1.6, "hold-fetch-buffers": 1.6}
SECONDS = 2 if SCALE < 10 else 5
SHARE = 0.5 if SCALE < 10 else 1


def plan(*args):
    return ("--duration", f"{SECONDS}s", "--drain", "1s", "--sink", "null", *args)


names = [line.split()[0] for line in pipeline("faults").out.splitlines()[::2]]
jobs = {"control": plan("--rate", 50000)}
jobs.update({name: plan("--fault", name) for name in names})
results = together(jobs)
control = results.pop("control")
check(control.status == 0 and control["allocs_per_msg"] < 0.001, "the control is healthy")
for name, r in results.items():
    check(r.status == 0 and r["processed"] > 0, f"{name}: runs and ends {r.err}")
    if name in ("copy-every-stage", "format-per-message", "map-per-message"):
        check(r["allocs_per_msg"] >= 0.99, f"{name}: allocates {r['allocs_per_msg']} a message")
    if name in GROW and not SANITIZED:
        grown = (r["peak_rss_kb"] - control["peak_rss_kb"]) / 1024
        check(grown > GROW[name] * SECONDS * SHARE, f"{name}: grew by {grown:.0f} MiB")
done()
