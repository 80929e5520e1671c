"""A real Kafka: exactly what was produced arrives, through a sink outage, a slow sink,
poison and a full disk, and the partitions of a backlog advance together."""
from harness import *

broker = need_kafka()
tag = str(os.getpid())


def topic_of(name, n, *args):
    fill(broker, f"{name}-{tag}", n, *args)
    return ("--broker", broker, "--topic", f"{name}-{tag}", "--group", f"g-{name}-{tag}",
            "--messages", n)


def exact(r, file, n, what):
    pairs, ids = stored(file)
    check(r.status == 0, f"{what}: exit 0 {r.err}")
    check(sorted(ids) == list(range(1, n + 1)), f"{what}: exactly what was produced")
    check(r["committed"] == n, f"{what}: all committed {r.json}")


N = int(60000 * SCALE)
args = topic_of("plain", N)
exact(run(*args, "--sink", "sqlite:" + path("a.db"), "--memory", "32MiB"), path("a.db"), N,
      "plain")
r = run("--broker", broker, "--topic", f"plain-{tag}", "--group", f"again-{tag}",
        "--messages", N, "--sink", "sqlite:" + path("a.db"))
pairs, ids = stored(path("a.db"))
check(r["duplicates"] == N == len(ids), f"read again: known rows stay as they are {r.json}")

args = topic_of("poison", N, "--poison", 1)
r = run(*args, "--sink", "sqlite:" + path("p.db"))
pairs, ids = stored(path("p.db"))
check(r["processed"] + r["dead_lettered"] == N == r["committed"], f"poison: all {r.json}")
letters = run("--broker", broker, "--topic", f"poison-{tag}.dlq", "--group", f"d-{tag}",
              "--messages", 10, "--sink", "null")
check(letters.status == 3 and "is --encoding right" in letters.err or
      letters["consumed"] == 10, f"the dead letter topic is there {letters.err}")

seconds = min(30, 3 * SCALE)
args = topic_of("outage", N)
exact(run(*args, "--sink", "sqlite:" + path("o.db"), "--chaos", f"outage=0.05:{seconds}"),
      path("o.db"), N, f"sink outage of {seconds} s")
args = topic_of("slow", N // 4)
exact(run(*args, "--sink", "sqlite:" + path("s.db"), "--chaos", "slow=50"), path("s.db"),
      N // 4, "slow sink")

# partitions of a backlog advance together; of the last tenth only some answers are left
args, port = topic_of("even", 4 * N), free_port()
process = start("run", "--summary", "json", *args, "--sink", "null", "--memory", "32MiB",
                "--metrics", f"127.0.0.1:{port}", "--chaos", "slow=10")
lags = []
while process.poll() is None:
    lags.append(metrics(port, "lag"))
    time.sleep(0.05)
check(finish(process).status == 0, "even: exit 0")
lags = [lag for lag in lags if len(lag) == 8 and min(lag) > 4 * N / 8 / 10]
check(len(lags) > 3, f"even: {len(lags)} looks at the lags")
worst = max([max(lag) / min(lag) for lag in lags], default=0)
check(worst <= 2, f"even: no partition is at {worst:.2f} times the lag of another")

# a file system of 8 MiB that fills up, then gets room again
disk = path("disk")
os.mkdir(disk)
if os.geteuid() == 0 and subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs",
                                         disk], capture_output=True).returncode == 0:
    try:
        n = max(N, 200000)  # more than 8 MiB
        args = topic_of("full", n)
        port = free_port()
        process = start("run", "--summary", "json", *args, "--sink", f"sqlite:{disk}/f.db",
                        "--metrics", f"127.0.0.1:{port}")
        wait_for(lambda: process.poll() is not None or metric(port, "sink_down") > 0, 60,
                 "the disk is full")
        time.sleep(1)
        check(process.poll() is None, "a full disk does not end the run")
        subprocess.run(["mount", "-o", "remount,size=200m", disk], check=True)
        r = finish(process)
        exact(r, f"{disk}/f.db", n, "full disk")
        check(r["sink_errors"] > 0, "the disk was full")
    finally:
        subprocess.run(["umount", "-l", disk])
else:
    print("skipped: a full disk needs root and tmpfs")

r = run("--broker", broker, "--topic", "none-such-" + tag, "--messages", 1)
check(r.status == 3 and "does not exist" in r.err, f"missing topic: {r.status} {r.err}")
done()
