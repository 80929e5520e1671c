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


def letters():
    """(partition, offset, id) of every dead letter"""
    text = subprocess.run([DUMP_TOPIC, broker, topic + ".dlq"], text=True,
                          capture_output=True, timeout=120).stdout
    return [tuple(map(int, line.split()[:3])) for line in text.splitlines()]


# the dead members' partitions come to the last one after their sessions have timed out
process = start(*args)
wait_for(lambda: process.poll() is not None or
         count(file) > 0.9 * N and count(file) + len({l[2] for l in letters()}) >= N, 180,
         "the last run gets to the end")
process.terminate()
r = finish(process, 60)
check(r.status == 0, f"the last run ends well {r.err}")
pairs, ids = stored(file)
check(len(ids) == len(set(ids)), "no id is stored twice")
missing = set(range(1, N + 1)) - set(ids)
check(0.005 * N < len(missing) < 0.015 * N, f"{len(missing)} ids are not in the sink")

buried = letters()
buried_ids = {letter[2] for letter in buried}
buried_pairs = {letter[:2] for letter in buried}
check(buried_ids == missing, f"the dead letters are exactly the others "
      f"({len(buried_ids)} ids, {len(buried)} letters)")
check(not buried_pairs & pairs, "nothing is in both")
check(len(buried_pairs | pairs) == N, f"{len(buried_pairs | pairs)} of {N} in all")
done()
