"""kill -9 at random instants loses nothing and doubles nothing: the sink's set of
(partition, offset) and the dead letters' are together what was produced."""
import random
from harness import *

broker = need_kafka()
tag = str(os.getpid())
N = int(100000 * SCALE)
KILLS = int(min(20, max(6, 6 * SCALE)))
seed = int(os.environ.get("SEED", time.time()))
random.seed(seed)
print("seed", seed)
topic, file = "crash-" + tag, path("c.db")
fill(broker, topic, N, "--poison", 1)
args = ["run", "--quiet", "--summary", "json", "--broker", broker, "--topic", topic,
        "--group", "g-" + tag, "--sink", "sqlite:" + file]
slow = ["--chaos", f"slow={KILLS * 2e6 / N:.1f}"]
for i in range(KILLS):
    process = start(*args, *slow)
    time.sleep(random.uniform(0.3, 2.5))
    if process.poll() is not None:
        check(False, "it was running when it was killed")
    process.kill()
    process.communicate()

# the dead members' partitions come to the last one after their sessions have timed out
process = start(*args)
wait_for(lambda: process.poll() is not None or arrived(broker, topic, file, N), 180,
         "the last run gets to the end")
process.terminate()
r = finish(process, 60)
check(r.status == 0, f"the last run ends well {r.err}")
stored_or_buried(broker, topic, file, N)
done()
