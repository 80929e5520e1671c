"""What happens to a topic behind a group's back is told: messages that retention took
before they were read, and a topic that was made anew under its old name, or was removed
while it was read. Partitions that it gets meanwhile are read too."""
from harness import *

broker = need_kafka()
topic, file, N = f"trim-{os.getpid()}", path("t.db"), 4000
fill(broker, topic, N, "--partitions", 1)
args = ("--broker", broker, "--topic", topic, "--group", "g-" + topic, "--sink",
        "sqlite:" + file)


r = run(*args, "--messages", 1000)
check(r.status == 0 and r["committed"] == 1000, f"the group read a part {r.json}")
change(broker, "trim", topic, 2500)
r = run(*args, "--messages", 3000)
check(r["lost"] == 1500 and r["processed"] == 1500, f"the trimmed ones are lost {r.json}")
check(r.status == 1 and "1500 messages were gone" in r.err, f"which is said: {r.err}")

change(broker, "drop", topic)
wait_for(lambda: run("--broker", broker, "--topic", topic, "--messages", 1, "--sink", "null",
                     "--group", "other-" + topic).status == 3, 60, "the topic is gone")
fill(broker, topic, N, "--partitions", 1)
before = stored(file)
r = run(*args, "--messages", N)
check(r.status == 3 and "was made anew" in r.err, f"a new topic is no old one: {r.err}")
check(r["committed"] == 0, f"and nothing of it is acknowledged {r.json}")
check(stored(file) == before, "nor stored over the old rows")
r = run(*args[:-2], "--sink", "sqlite:" + path("new.db"), "--messages", N)
check(r.status == 0 and r["processed"] == N, f"another file takes it {r.err}")

topic, file = f"grown-{os.getpid()}", path("grown.db")
send(broker, topic, N, 3)
process = start("run", "--summary", "json", "--broker", broker, "--topic", topic, "--group",
                "g-" + topic, "--sink", "sqlite:" + file)
wait_for(lambda: os.path.exists(file) and count(file) == N, 60, "the first partitions are read")
change(broker, "grow", topic, 7)
more(broker, topic, N, 7)
wait_for(lambda: count(file) == 2 * N, 60, "the new ones too")
change(broker, "drop", topic)
r = finish(process, 60)
pairs, ids = stored(file)
check({partition for partition, offset in pairs} == set(range(7)), "seven partitions are stored")
check(sorted(ids) == sorted(2 * list(range(1, N + 1))), "exactly what was sent")
check(r.status == 3 and f"topic {topic}: " in r.err.splitlines()[-1],
      f"a topic that was removed ends the run: {r.status} {r.err}")

# dropped and made again between two fetches: a new log under old offsets
topic = f"anew-{os.getpid()}"
send(broker, topic, N, 3)
process = start("run", "--summary", "json", "--quiet", "--broker", broker, "--topic", topic,
                "--group", "g-" + topic, "--sink", "null", "--metrics",
                f"127.0.0.1:{(port := free_port())}")
wait_for(lambda: sum(metrics(port, "committed")) == N, 60, "the old topic is acknowledged")
change(broker, "drop", topic)
wait_for(lambda: subprocess.run([CHANGE_TOPIC, broker, "make", topic, "3"],
                                capture_output=True).returncode == 0, 30, "it is made anew")
more(broker, topic, N // 2, 3)
r = finish(process, 60)
check(r.status == 3 and ("made anew" in r.err or f"topic {topic}: " in r.err),
      f"a new topic ends the run too: {r.status} {r.err}")
check(r["processed"] == N == r["committed"], f"and nothing of it is taken {r.json}")
done()
