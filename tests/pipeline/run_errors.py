"""What is wrong is said in one clear line, with the right exit status."""
import re

from harness import *


def expect(status, text, *args):
    r = pipeline(*args, timeout=60)
    lines = [line for line in r.err.splitlines() if ": note: " not in line]
    check(r.status == status, f"{' '.join(map(str, args))}: exit {r.status}, want {status}")
    check(len(lines) == 1 and text in lines[0], f"  one line with '{text}': {lines}")


expect(2, "no such option", "run", "--bogus")
expect(2, "allowed is", "run", "--decode", "magic")
expect(2, "out of range", "run", "--workers", "0")
expect(2, "out of range", "run", "--memory", "99999999999999999999")
expect(2, "out of range", "run", "--rate", "0", "--messages", 10)
expect(2, "31536000s", "run", "--duration", "2000000000")
expect(2, "no such command", "stroll")
expect(2, "no such fault", "run", "--fault", "none-such")
expect(2, "need at least", "run", "--memory", "9MiB", "--messages", 10)
for name in "bad topic!", "x" * 250, ".", "..", "caf\u00e9":
    for command in "run", "produce":
        expect(2, "letters, digits", command, "--topic", name, "--messages", 10)
expect(2, "letters, digits", "run", "--dlq", "a/b", "--messages", 10)
expect(2, "buried again", "run", "--dlq", "orders", "--messages", 10)
expect(2, "not a share", "run", "--poison", "nan", "--messages", 10)
for plan in "slow=-5", "slow=nan", "outage=1", "refuse=101", "what=1":
    expect(3, "not understood", "run", "--messages", 10, "--chaos", plan)
expect(2, "give --dlq", "run", "--topic", "x" * 249, "--messages", 10)
for command in "run", "produce":
    expect(3, "is it running", command, "--broker", "127.0.0.1:1", "--messages", 10)
expect(3, "is it running", "produce", "--broker", "127.0.0.1:1", "--partitions", 4,
       "--messages", 10)
expect(3, "folder that can be written", "run", "--messages", 10, "--sink",
       "sqlite:/no/such/folder/x.db")
expect(3, "is it running", "run", "--messages", 10, "--sink",
       "postgres:host=/no/such/folder dbname=x")
with socket.create_server(("127.0.0.1", 0)) as taken:
    expect(3, "cannot listen", "run", "--messages", 10, "--metrics",
           f"127.0.0.1:{taken.getsockname()[1]}")
enough = re.search("need at least ([0-9.]+) MiB", run("--memory", "9MiB", "--messages", 10,
                                                      "--sink", "null").err)[1]
r = run("--memory", enough + "MiB", "--messages", 10, "--sink", "null")
check(r.status == 0, f"what is said to be enough is enough: {enough} MiB {r.err}")
db = sqlite3.connect(path("other.db"))
db.execute("CREATE TABLE orders(something TEXT)")
db.close()
expect(3, "another schema", "run", "--messages", 10, "--sink", "sqlite:" + path("other.db"))

# messages of another encoding: stop before one is buried or acknowledged
server = start("produce", "--messages", 5000, "--encoding", "protobuf", "--quiet")
broker = server.stdout.readline().strip()
r = run("--broker", broker, "--encoding", "json", "--messages", 5000, "--sink",
        "sqlite:" + path("enc.db"))
check(r.status == 3 and "is --encoding right" in r.err, f"wrong encoding: {r.status} {r.err}")
check(r["committed"] == 0 and r["dead_lettered"] == 0 and r["processed"] == 0,
      f"and nothing was acknowledged {r.json}")
server.terminate()
finish(server)

# an answer that cannot be written is told, and goes to nobody else's descriptor
for redirect in ">&-", ">/dev/full":
    for args in "run --messages 1000 --quiet --summary json", "plan", "--version":
        r = subprocess.run(["sh", "-c", f'exec "$0" {args} {redirect}', PIPELINE], text=True,
                           stderr=subprocess.PIPE, timeout=60)
        check(r.returncode == 3 and "standard output" in r.stderr,
              f"{args} {redirect}: {r.returncode} {r.stderr}")
check(pipeline("faults").status == 0, "faults lists")
check(len(pipeline("faults").out.splitlines()) == 28, "fourteen of them")
check("usage" in pipeline("--help").out, "help helps")
done()
