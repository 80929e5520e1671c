"""A producer at ten times the sink's speed: the pipeline gets slower, never bigger;
the lag grows in Kafka, and afterwards it catches up."""
import statistics
from harness import *

broker = need_kafka()
tag = str(os.getpid())
seconds = min(60, 10 * SCALE)
topic = "burst-" + tag
fill(broker, topic, 1000)
sink_rate = 20000 if SCALE >= 10 else 5000
process = start("run", "--summary", "json", "--broker", broker, "--topic", topic, "--group",
                "g-" + tag, "--memory", "32MiB", "--sink", "sqlite:" + path("b.db"),
                "--chaos", f"slow={1e6 / sink_rate:.0f}")
burst = start("produce", "--broker", broker, "--topic", topic, "--duration", f"{seconds}s",
              "--rate", 10 * sink_rate, "--summary", "json", "--quiet")
samples = []
while burst.poll() is None:
    samples.append(resident_kb(process.pid))
    time.sleep(0.2)
produced = finish(burst)["produced"] + 1000
check(produced > 5 * sink_rate * seconds, f"{produced} messages were produced")
process.terminate()
r = finish(process, 60)
check(r.status == 0, f"the slow run ends well {r.err}")
lag = produced - r["committed"]
check(lag > produced / 2, f"the lag is in Kafka: {lag}")
check(r["inflight_max"] <= r["inflight_limit"], "in flight stayed within its bound")
check(r["queue_max"] <= r["inflight_limit"], "the queue stayed within its bound")
check(r["peak_rss_kb"] <= 1.05 * r["budget_kb"],
      f"peak {r['peak_rss_kb']} kB within 5 % of the budget {r['budget_kb']} kB")
# flat once it is warm: what waits in Kafka grows by ten times this bound meanwhile, a
# sample alone goes up and down with the allocator's pages
quarter = len(samples) // 4
third, last = (statistics.median(samples[quarter * i:quarter * (i + 1)]) for i in (2, 3))
check(last - third <= 0.1 * r["budget_kb"],
      f"flat: {third} kB in the third quarter, {last} kB in the last")
rest = run("--broker", broker, "--topic", topic, "--group", "g-" + tag, "--memory", "32MiB",
           "--messages", lag, "--sink", "sqlite:" + path("b.db"))
check(rest["committed"] == lag, f"it catches up: {rest.json}")
pairs, ids = stored(path("b.db"))
check(len(ids) == produced, f"{len(ids)} of {produced} stored, each once")
done()
