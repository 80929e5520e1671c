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

survives_restart(broker, "nodes-" + tag, int(30000 * SCALE), slow=100)
done()
