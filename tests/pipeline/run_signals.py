"""SIGTERM and SIGINT drain, commit and print the summary."""
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
done()
