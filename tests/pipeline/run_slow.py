"""A broker that is slow is waited for, with whatever is asked of it; one that only listens is
told after a while. The broker is stopped for longer than its controller waits for it."""
from harness import *

broker = need_kafka()
tag = str(os.getpid())
N = int(2000 * SCALE)
with open(os.environ.get("HEAPRING_KAFKA_DIR", "/tmp/heapring-kafka") + "/node1.pid") as file:
    node = int(file.read())
fill(broker, "known-" + tag, N)


def produce(topic, *args):
    return start("produce", "--broker", broker, "--topic", f"{topic}-{tag}", "--messages", N,
                 "--summary", "json", *args)


# the others are over long before it
with socket.create_server(("127.0.0.1", 0)) as mute:
    silent = start("produce", "--broker", f"127.0.0.1:{mute.getsockname()[1]}", "--messages", 1)
    os.kill(node, signal.SIGSTOP)
    try:
        made = produce("made", "--partitions", 4)
        asked = produce("asked")
        known = produce("known")
        reader = start("run", "--summary", "json", "--quiet", "--broker", broker, "--topic",
                       "known-" + tag, "--messages", N, "--sink", "null")
        time.sleep(12)
    finally:
        os.kill(node, signal.SIGCONT)
    for name, process in ("made", made), ("asked", asked), ("known", known):
        r = finish(process)
        check(r.status == 0 and r["produced"] == N, f"{name}: all are sent {r.err}")
        check("does not answer yet" in r.err, f"{name}: that it waits is said {r.err}")
    r = finish(reader)
    check(r.status == 0 and r["processed"] == N, f"a reader waits too {r.err}")

    r = finish(silent)
    lines = [line for line in r.err.splitlines() if ": note: " not in line]
    check(r.status == 3 and len(lines) == 1 and "is it running" in lines[0],
          f"a broker that never answers is told: {r.status} {r.err}")
done()
