"""SIGTERM and SIGINT drain, commit and print the summary; a second one does not wait."""
from harness import *

numbers = signal.SIGTERM, signal.SIGINT
ports = {number: free_port() for number in numbers}
running = {number: start("run", "--summary", "json", "--quiet", "--rate", 20000,
                         "--metrics", f"127.0.0.1:{ports[number]}",
                         "--sink", "sqlite:" + path(f"s{number}.db"))
           for number in numbers}
for number, process in running.items():
    wait_for(lambda: metric(ports[number], "processed_total") > 10000, 60, "it works")
    process.send_signal(number)
for number, process in running.items():
    r = finish(process, 60)
    pairs, ids = stored(path(f"s{number}.db"))
    check(r.status == 0, f"{number}: exit 0 {r.err}")
    check(r["consumed"] == r["processed"] == r["committed"] == len(ids),
          f"{number}: what was taken is stored and committed {r.json}")
    check(len(ids) > 10000, "it had worked until then")

# who asks twice does not want to wait for a sink that is down
process = start("run", "--summary", "json", "--rate", 20000, "--metrics",
                f"127.0.0.1:{ports[signal.SIGTERM]}", "--drain", "300s", "--chaos",
                "outage=0.2:600", "--sink", "sqlite:" + path("down.db"))
wait_for(lambda: metric(ports[signal.SIGTERM], "sink_down") > 0, 60, "the sink is down")
process.terminate()
time.sleep(1)
check(process.poll() is None, "the first one waits for the sink")
process.terminate()
r = finish(process, 60)
pairs, ids = stored(path("down.db"))
check(r.status == 1 and "were given up" in r.err, f"the second ends it: {r.status} {r.err}")
check(r["committed"] == len(ids) < r["consumed"], f"what is stored is committed {r.json}")

# nobody is there any more to leave: that keeps nobody waiting for a minute
for acknowledged in False, True:
    server = start("produce", "--messages", 5000, "--quiet")
    broker, port = server.stdout.readline().strip(), ports[signal.SIGINT]
    file = path(f"alone-{acknowledged}.db")
    process = start("run", "--summary", "json", "--broker", broker, "--metrics",
                    f"127.0.0.1:{port}", "--sink", "sqlite:" + file)
    wait_for(lambda: metric(port, "processed_total") == 5000, 60, "everything is stored")
    if acknowledged:
        wait_for(lambda: sum(metrics(port, "committed")) == 5000, 60, "and acknowledged")
    server.kill()
    finish(server)
    process.terminate()
    r = finish(process, 40)
    check(r["processed"] == 5000 == count(file), f"all is stored {r.json}")
    check(r["committed"] == 5000 or not acknowledged, f"and committed {r.json}")
    acknowledged = r["committed"] == 5000  # it may have been faster than the kill
    check(r.status == (0 if acknowledged else 1), f"it ends: {r.status} {r.err}")
    check(acknowledged or "not acknowledged" in r.err, "and says what comes again")
done()
