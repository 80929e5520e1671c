"""Three members share a topic, one is killed, another is stopped for longer than its
session and goes on: nothing is lost and nothing doubled."""
from harness import *

broker = need_kafka()
tag = str(os.getpid())
N = int(200000 * SCALE)
topic, file = "group-" + tag, path("g.db")
fill(broker, topic, N)
args = ["run", "--summary", "json", "--quiet", "--broker", broker, "--topic", topic,
        "--group", "g-" + tag, "--sink", "sqlite:" + file, "--chaos", "slow=100"]
ports = [free_port() for _ in range(3)]
members = [start(*args, "--metrics", f"127.0.0.1:{port}") for port in ports]
for port in ports:
    wait_for(lambda: metric(port, "processed_total") > 0, 60, "each member has work")
check(all(member.poll() is None for member in members), "three members run")
members[0].kill()
members[0].communicate()
members[1].send_signal(signal.SIGSTOP)
time.sleep(9)
members[1].send_signal(signal.SIGCONT)
wait_for(lambda: count(file) >= N, 120, "the others take over")
for member in members[1:]:
    member.terminate()
results = [finish(member, 60) for member in members[1:]]
check(all(r.status == 0 for r in results), f"they end well {[r.err for r in results]}")
check(all(r.json.get("consumed", 0) > 0 for r in results), "both had work")
pairs, ids = stored(file)
check(sorted(ids) == list(range(1, N + 1)), "exactly what was produced")
print("duplicates refused by the sink:", [r.json.get("duplicates") for r in results])
done()
