"""What other producers put into a topic: packed batches, keys and headers, empty values,
tombstones, transactions, messages larger than a fetch. All of it arrives, within the budget
and, where batches are alike, once."""
from harness import *

broker = need_kafka()
tag = str(os.getpid())
N = int(20000 * SCALE)


def consume(topic, messages, *args):
    file = path(topic + ".db")
    r = run("--broker", broker, "--topic", topic, "--group", "g-" + topic, "--messages",
            messages, "--sink", "sqlite:" + file, *args)
    check(r.status == 0, f"{topic}: exit 0 {r.err}")
    pairs, ids = stored(file)
    check(r["lost"] == 0 and r["redelivered"] == 0, f"{topic}: nothing lost {r.json}")
    if "--memory" in args and not SANITIZED:
        check(r["peak_rss_kb"] <= 1.05 * r["budget_kb"],
              f"{topic}: peak {r['peak_rss_kb']} kB of {r['budget_kb']} kB")
    return r, sorted(ids)


everything = list(range(1, N + 1))
for codec in "gzip", "snappy", "lz4", "zstd":
    topic = f"{codec}-{tag}"
    send(broker, topic, N, compression_type=codec, linger_ms=50, size=1000)
    r, ids = consume(topic, N, "--memory", "48MiB")
    check(ids == everything, f"{codec}: exactly what was sent")
    check(r["rx_bytes"] < r["consumed_bytes"], f"{codec}: it was packed")

topic = "bare-" + tag
send(broker, topic, N, tombstones=10, empties=15)
r, ids = consume(topic, N)
bare = sum(id % 10 == 0 or id % 15 == 0 for id in everything)
check(ids == [id for id in everything if id % 10 and id % 15], "tombstones: the others stored")
check(r["dead_lettered"] == bare and r["committed"] == N, f"tombstones: {bare} buried {r.json}")

# nothing but keys: the budget is of memory, not of payload
topic = "keys-" + tag
send(broker, topic, 10 * N, tombstones=1, batch_size=1000000, linger_ms=50)
r = run("--broker", broker, "--topic", topic, "--group", "g-" + topic, "--messages", 10 * N,
        "--memory", "48MiB", "--first-poison", 0, "--dlq", "off", "--sink", "null")
check(r.status == 0 and r["committed"] == 10 * N, f"keys only: {r.err} {r.json}")
check(SANITIZED or r["peak_rss_kb"] <= 1.05 * r["budget_kb"],
      f"keys only: peak {r['peak_rss_kb']} kB of {r['budget_kb']} kB")

# an answer ends behind a batch, or is one, whatever their size: nothing is sent twice
for size, memory in (16384, "20MiB"), (65536, "20MiB"), (262144, "20MiB"), (1000000, "32MiB"):
    topic, n = f"size-{size}-{tag}", 4 * N
    send(broker, topic, n, bare=1, size=300, batch_size=size, batch_num_messages=100000,
         linger_ms=200)
    r = run("--broker", broker, "--topic", topic, "--group", "g-" + topic, "--messages", n,
            "--memory", memory, "--sink", "null")
    share = r["rx_bytes"] / r["consumed_bytes"]
    check(r.status == 0 and share <= 1.05, f"batches of {size}: {share:.3f} received {r.err}")

topic, n = f"paced-{tag}", 10 * N
fill(broker, topic, n, "--rate", 100000)  # up to 64 KiB, in no order
r = run("--broker", broker, "--topic", topic, "--group", "g-" + topic, "--messages", n,
        "--memory", "20MiB", "--sink", "null")
share = r["rx_bytes"] / r["consumed_bytes"]
check(r.status == 0 and share <= 1.05, f"batches up to 64 KiB: {share:.3f} received {r.err}")

# many partitions, one batch of each within the budget: ours are all as long
topic, n = f"many-{tag}", 10 * N
fill(broker, topic, n, "--partitions", 64)
r = run("--broker", broker, "--topic", topic, "--group", "g-" + topic, "--messages", n,
        "--memory", "20MiB", "--sink", "null")
share = r["rx_bytes"] / r["consumed_bytes"]
check(r.status == 0 and share <= 1.05, f"64 partitions: {share:.3f} received {r.err}")

# texts that must be rewritten take memory beside the message: each message has its own
topic = "escapes-" + tag
send(broker, topic, 400, size=100000, escapes=1)
r, ids = consume(topic, 400, "--workers", 2)
check(ids == list(range(1, 401)) and r["dead_lettered"] == 0, f"escapes: all stored {r.json}")

topic, n = "transactions-" + tag, N // 4
send(broker, topic, n, transaction=50, abort=4)
kept = [id for id in range(1, n + 1) if ((id - 1) // 50 + 1) % 4]
r, ids = consume(topic, len(kept))
check(ids == kept, "transactions: what was committed, and nothing else")

topic = "huge-" + tag
send(broker, topic, 40, make=("max.message.bytes", 8000000), size=3000000,
     message_max_bytes=8000000)
r, ids = consume(topic, 40, "--memory", "128MiB")
check(ids == list(range(1, 41)), "messages of 3 MB arrive")
r = run("--broker", broker, "--topic", topic, "--group", "s-" + topic, "--messages", 40,
        "--memory", "20MiB", "--sink", "null")
check(r.status == 2 and "need at least" in r.err, f"or do not fit, which is said: {r.err}")

# one long message among short ones: nothing was known of it when the budget was divided
topic = "long-" + tag
send(broker, topic, N, make=("max.message.bytes", 30000000), size=300)
more(broker, topic, 1, size=21000000, message_max_bytes=30000000)
more(broker, topic, N, size=300)
r = run("--broker", broker, "--topic", topic, "--group", "s-" + topic, "--messages", 2 * N + 1,
        "--memory", "32MiB", "--sink", "null")
lines = [line for line in r.err.splitlines() if ": note: " not in line]
check(r.status == 3 and len(lines) == 1 and "give more --memory" in lines[0],
      f"a message longer than the budget can take ends the run: {r.status} {r.err}")
check(r["committed"] == r["processed"], f"what was read before is acknowledged {r.json}")
r = run("--broker", broker, "--topic", topic, "--group", "g-" + topic, "--messages", 2 * N + 1,
        "--memory", "128MiB", "--sink", "null")
check(r.status == 0 and r["processed"] == 2 * N + 1, f"with more it is read {r.err} {r.json}")
done()
