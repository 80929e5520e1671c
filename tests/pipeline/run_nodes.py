"""Three nodes, each message on all of them: a topic that was just made takes every message,
and the pipeline goes on when the node that it knows restarts.

The broker is this test's own: the other tests share one of one node.
"""
import os
import tempfile

os.environ["HEAPRING_KAFKA_DIR"] = tempfile.mkdtemp(prefix="pipeline-nodes-")
os.environ.setdefault("HEAPRING_KAFKA_HEAP", "256m")
from harness import *

atexit.register(kafka, "down")
broker = need_kafka(nodes=3)
tag = str(os.getpid())
# a node that has not heard of a new topic yet made librdkafka throw everything away
for i in range(6):
    fill(broker, f"new-{i}-{tag}", 2000)

N = int(30000 * SCALE)
topic, file, port = "nodes-" + tag, path("n.db"), free_port()
fill(broker, topic, N)
process = start("run", "--summary", "json", "--quiet", "--broker", broker, "--topic", topic,
                "--group", "g-" + tag, "--sink", "sqlite:" + file, "--chaos", "slow=100",
                "--metrics", f"127.0.0.1:{port}")
wait_for(lambda: metric(port, "processed_total") > 0, 60, "it works before the restart")
status, _, error = kafka("restart")
check(status == 0, "the node restarts " + error)
wait_for(lambda: process.poll() is not None or count(file) >= N, 120,
         "it goes on after the restart")
process.terminate()
r = finish(process, 60)
check(r.status == 0, f"exit 0 {r.err}")
pairs, ids = stored(file)
check(sorted(ids) == list(range(1, N + 1)), "exactly what was produced")
done()
