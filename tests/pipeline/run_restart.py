"""The broker restarts in the middle of a run: exactly what was produced arrives.

The member may lose its session meanwhile and get what was not committed again, so the
end is not after a number of messages but when everything is there.
"""
from harness import *

broker = need_kafka()
tag = str(os.getpid())
N = int(100000 * SCALE)
topic, file, port = "restart-" + tag, path("r.db"), free_port()
fill(broker, topic, N)
process = start("run", "--summary", "json", "--quiet", "--broker", broker, "--topic", topic,
                "--group", "g-" + tag, "--sink", "sqlite:" + file, "--chaos", "slow=50",
                "--metrics", f"127.0.0.1:{port}")
wait_for(lambda: metric(port, "processed_total") > 0, 60, "it works before the restart")
check(metric(port, "processed_total") < N / 2, "and is not at its end then")
status, _, error = kafka("restart")
check(status == 0, "the broker restarts " + error)
wait_for(lambda: process.poll() is not None or count(file) >= N, 120,
         "it goes on after the restart")
process.terminate()
r = finish(process, 60)
check(r.status == 0, f"exit 0 {r.err}")
pairs, ids = stored(file)
check(sorted(ids) == list(range(1, N + 1)), "exactly what was produced")
done()
