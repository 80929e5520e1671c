"""The pipeline on the embedded broker: everything arrives once, within bounds."""
from harness import *

N = int(100000 * min(2, SCALE))
jobs = {}
for encoding in "json", "protobuf":
    for decode in "zerocopy", "copy":
        for sink in "null", "sqlite:" + path(encoding + decode + ".db"):
            jobs[encoding, decode, sink] = (
                "--messages", N, "--encoding", encoding, "--decode", decode, "--sink", sink,
                "--workers", 2)
for (encoding, decode, sink), r in together(jobs).items():
    what = f"{encoding} {decode} {sink.split(':')[0]}"
    check(r.status == 0, f"{what}: exit 0 {r.err}")
    check(r["consumed"] == r["processed"] == r["committed"] == N,
          f"{what}: all of {N} stored and committed {r.json}")
    check(r["lost"] == 0 and r["duplicates"] == 0, f"{what}: none lost or doubled")
    check(r["rx_bytes"] >= r["consumed_bytes"],
          f"{what}: all that came is counted, to the last second {r.json}")
    check(r["inflight_max"] <= r["inflight_limit"], f"{what}: in flight is bounded")
    check(r["queue_max"] <= r["inflight_limit"], f"{what}: the queue is bounded")
    if decode == "zerocopy":
        check(r["allocs_per_msg"] < 0.001, f"{what}: no allocation a message")
    else:
        check(r["allocs_per_msg"] > 10, f"{what}: dozens of allocations")
    if sink != "null":
        pairs, ids = stored(sink[7:])
        check(sorted(ids) == list(range(1, N + 1)), f"{what}: exactly these ids")

results = together({
    "poison": ("--messages", N, "--poison", 1, "--sink", "sqlite:" + path("poison.db")),
    "refuse": ("--messages", 50000, "--chaos", "refuse=0.5", "--sink",
               "sqlite:" + path("r.db")),
    "outage": ("--messages", 100000, "--chaos", "outage=0.02:3", "--sink",
               "sqlite:" + path("o.db"))})
r = results["poison"]
pairs, ids = stored(path("poison.db"))
check(r.status == 0 and r["processed"] + r["dead_lettered"] == N == r["committed"],
      f"poison: stored and dead letters are all {r.json}")
check(0.005 * N < r["dead_lettered"] < 0.015 * N, "poison: about 1 % are dead letters")
check(len(ids) == len(set(ids)) == r["processed"], "poison: the sink has the others, once")

r = results["refuse"]
check(r["processed"] + r["dead_lettered"] == 50000 == r["committed"],
      f"refused rows are retried, then stored or dead letters {r.json}")
check(r["retried"] > 0 and r["dead_lettered"] > 0, "some recovered, some did not")

r = results["outage"]
check(r["processed"] == r["committed"] == 100000 and r["sink_errors"] > 0,
      f"a sink outage of 3 s delays and loses nothing {r.json}")
check(r["inflight_max"] <= r["inflight_limit"], "and nothing piles up meanwhile")

# the long form has the whole pace and its latency, for a quiet machine
quiet = SCALE >= 10
rate = 100000 if quiet else 20000
r = run("--duration", "6s" if quiet else "3s", "--rate", f"{rate}/s", "--sink",
        "sqlite:" + path("p.db"))
check(r["msgs_per_s"] < 1.05 * rate, f"paced: {r['msgs_per_s']} messages a second")
check(not quiet or r["msgs_per_s"] > 0.95 * rate, "and the pace is held")
check(not quiet or r["latency_ms"]["p99"] <= 25,
      f"paced: p99 {r['latency_ms']['p99']} ms")
check(not quiet or r["rx_bytes"] <= 1.05 * r["consumed_bytes"],
      f"received {r['rx_bytes'] / r['consumed_bytes']:.3f} of the payload")

r = pipeline("plan", "--rate", 100000, "--latency", "5ms", "--payload", 300, "--summary",
             "json")
check(r.status == 0 and r["inflight_needed"] == 500, "plan: in flight = rate x time")
check(r["total_bytes"] == sum(line["bytes"] for line in r["budget"]), "plan: it adds up")
check(pipeline("plan", "--rate", "1M", "--latency", "100ms").status == 1,
      "plan: a queue that is too small fails the plan")
done()
