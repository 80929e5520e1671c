"""What happens to a topic behind a group's back is told: messages that retention took
before they were read, and a topic that was made anew under its old name."""
from harness import *

broker = need_kafka()
topic, file, N = f"trim-{os.getpid()}", path("t.db"), 4000
fill(broker, topic, N, "--partitions", 1)
args = ("--broker", broker, "--topic", topic, "--group", "g-" + topic, "--sink",
        "sqlite:" + file)


def change(*words):
    result = subprocess.run([CHANGE_TOPIC, broker, *words], capture_output=True, text=True)
    check(result.returncode == 0, " ".join(words) + " " + result.stderr)


r = run(*args, "--messages", 1000)
check(r.status == 0 and r["committed"] == 1000, f"the group read a part {r.json}")
change("trim", topic, "2500")
r = run(*args, "--messages", 3000)
check(r["lost"] == 1500 and r["processed"] == 1500, f"the trimmed ones are lost {r.json}")
check(r.status == 1 and "1500 messages were gone" in r.err, f"which is said: {r.err}")

change("drop", topic)
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
done()
