"""What the whole-program tests share: run the pipeline, a real Kafka, check, skip.

A test is a script: check() says what is wrong and the script goes on, done() ends it
with 0, or 1 when anything was wrong. skip() ends it with 77, unless
HEAPRING_TEST_REQUIRE is set: then what is missing is a failure.

The machine may be busy with something else: wait for what must happen with wait_for()
instead of sleeping, and do not check how fast something went.
"""
import atexit
import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.request

PIPELINE = os.environ.get("PIPELINE", "build/pipeline/heapring-pipeline")
BENCH_RAW = os.environ.get("BENCH_RAW", "build/pipeline/bench-raw")
DUMP_TOPIC = os.environ.get("DUMP_TOPIC", "build/tests/pipeline/dump-topic")
CHANGE_TOPIC = os.environ.get("CHANGE_TOPIC", "build/tests/pipeline/change-topic")
SEND_ORDERS = os.environ.get("SEND_ORDERS", "build/tests/pipeline/send-orders")
KAFKA = os.environ.get("KAFKA", "scripts/kafka")
# how long the tests are: 1 is under half a minute each, 10 is the long form, with
# numbers that need a machine that does nothing else
SCALE = float(os.environ.get("HEAPRING_TEST_SCALE", "1"))
SANITIZED = "SANITIZED" in os.environ

_failed = 0
# a name of its own: other tests' folders are called heapring-test-*, and who removes
# those by a pattern must not take away the files of a test that runs
folder = tempfile.mkdtemp(prefix="pipeline-run-")
atexit.register(shutil.rmtree, folder, ignore_errors=True)


def check(ok, text):
    global _failed
    print(("ok   " if ok else "FAIL ") + text, flush=True)
    _failed += not ok


def done():
    sys.exit(1 if _failed else 0)


def skip(why):
    print("skipped: " + why)
    sys.exit(1 if os.environ.get("HEAPRING_TEST_REQUIRE") else 77)


def path(name):
    return os.path.join(folder, name)


class Result:
    def __init__(self, status, out, err):
        self.status, self.out, self.err = status, out, err
        lines = [line for line in out.splitlines() if line.startswith("{")]
        self.json = json.loads(lines[-1]) if lines else {}

    def __getitem__(self, name):
        return self.json[name]


def start(*args):
    return subprocess.Popen([PIPELINE, *map(str, args)], text=True,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def finish(process, timeout=120):
    try:
        out, err = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        process.kill()
        out, err = process.communicate()
        check(False, "ended in time: " + " ".join(process.args[1:]))
    return Result(process.returncode, out, err)


def pipeline(*args, timeout=120):
    return finish(start(*args), timeout)


def run(*args, timeout=120):
    return pipeline("run", "--summary", "json", "--quiet", *args, timeout=timeout)


def together(jobs, most=4):
    """The results of several runs by name; most of their time is waiting for a group."""
    results = {}
    names = list(jobs)
    for first in range(0, len(names), most):
        running = {name: start("run", "--summary", "json", "--quiet", *jobs[name])
                   for name in names[first:first + most]}
        for name, process in running.items():
            results[name] = finish(process)
    return results


def free_port(count=1):
    """The first of count ports in a row that nobody listens on just now."""
    while True:
        held = [socket.socket()]
        try:
            held[0].bind(("127.0.0.1", 0))
            port = held[0].getsockname()[1]
            for i in range(1, count):
                held.append(socket.socket())
                held[i].bind(("127.0.0.1", port + i))
            return port
        except OSError:
            continue
        finally:
            for one in held:
                one.close()


def metrics(port, name):
    """The numbers of all partitions from a run's metrics page; none while it is silent."""
    try:
        page = urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5)
        return [float(line.split()[1]) for line in page.read().decode().splitlines()
                if line.startswith("heapring_pipeline_" + name + "{partition=")]
    except OSError:
        return []


def metric(port, name):
    """A number from a run's metrics page; 0 while it does not answer."""
    try:
        page = urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5)
        for line in page.read().decode().splitlines():
            if line.startswith("heapring_pipeline_" + name + " "):
                return float(line.split()[1])
    except OSError:
        pass
    return 0


def kafka(command, *args):
    try:
        result = subprocess.run([KAFKA, command, *map(str, args)], text=True,
                                capture_output=True, timeout=240)
    except subprocess.TimeoutExpired as late:
        return 1, "", str(late)
    return result.returncode, result.stdout.strip(), result.stderr.strip()


def need_kafka(nodes=int(os.environ.get("HEAPRING_TEST_NODES", "1"))):
    for tool in "java", "mvn":
        if shutil.which(tool) is None:
            skip(tool + " is needed for a real Kafka; scripts/setup installs it")
    status, address, error = kafka("up", "--nodes", nodes, "--port", free_port(2 * nodes))
    if status != 0:
        skip("no Kafka: " + error)
    return address.split()[-1]


def fill(broker, topic, messages, *args):
    partitions = () if "--partitions" in args else ("--partitions", 8)
    result = pipeline("produce", "--broker", broker, "--topic", topic, "--messages",
                      messages, "--summary", "json", *partitions, *args, timeout=600)
    check(result.status == 0 and result["produced"] == messages,
          f"{messages} messages are in {topic} {result.err}")


def change(broker, *words):
    """An administrator's deed: trim, drop, grow, make."""
    result = subprocess.run([CHANGE_TOPIC, broker, *map(str, words)], capture_output=True,
                            text=True, timeout=120)
    check(result.returncode == 0, " ".join(map(str, words)) + " " + result.stderr)


def send(broker, topic, messages, partitions=4, make=(), **settings):
    """Orders of a producer that is not ours; names with _ are librdkafka's with a dot."""
    change(broker, "make", topic, partitions, *make)
    more(broker, topic, messages, partitions, **settings)


def more(broker, topic, messages, partitions=4, **settings):
    words = [f"{name.replace('_', '.')}={value}" for name, value in settings.items()]
    result = subprocess.run([SEND_ORDERS, broker, topic, str(messages),
                             f"partitions={partitions}", *words], capture_output=True, text=True,
                            timeout=300)
    check(result.returncode == 0, f"{messages} orders are sent to {topic} {result.stderr}")


def stored(file):
    """The (partition, offset) pairs in a SQLite sink, and its event ids."""
    db = sqlite3.connect(file, timeout=30)
    keys = [row[0] for row in db.execute("SELECT key FROM orders")]
    ids = [row[0] for row in db.execute("SELECT id FROM orders")]
    db.close()
    pairs = {((key >> 40) & 4095, key & ((1 << 40) - 1)) for key in keys}
    check(len(pairs) == len(keys), "no key is there twice")
    return pairs, ids


def letters(broker, topic):
    """(partition, offset, id) of every dead letter of a topic."""
    text = subprocess.run([DUMP_TOPIC, broker, topic + ".dlq"], text=True, capture_output=True,
                          timeout=120).stdout
    return [tuple(map(int, line.split()[:3])) for line in text.splitlines()]


def count(file):
    """Rows in a SQLite sink that a run may be writing."""
    db = sqlite3.connect(file, timeout=30)
    rows = db.execute("SELECT count(*) FROM orders").fetchone()[0]
    db.close()
    return rows


def arrived(broker, topic, file, n):
    """Is each of n messages a row or a dead letter, as far as their numbers tell?"""
    rows = count(file)
    return rows > 0.9 * n and rows + len({letter[2] for letter in letters(broker, topic)}) >= n


def stored_or_buried(broker, topic, file, n):
    """Rows and dead letters are together what was produced, of which one in a hundred was
    poison."""
    pairs, ids = stored(file)
    buried = letters(broker, topic)
    buried_ids, buried_pairs = {letter[2] for letter in buried}, {letter[:2] for letter in buried}
    check(len(ids) == len(set(ids)), "no id is stored twice")
    missing = set(range(1, n + 1)) - set(ids)
    check(0.005 * n < len(missing) < 0.015 * n, f"{len(missing)} ids are not in the sink")
    check(buried_ids == missing, f"the dead letters are exactly the others "
          f"({len(buried_ids)} ids, {len(buried)} letters)")
    check(not buried_pairs & pairs, "nothing is in both")
    check(len(buried_pairs | pairs) == n, f"{len(buried_pairs | pairs)} of {n} in all")


def wait_for(condition, seconds, text):
    until = time.time() + seconds
    while time.time() < until:
        if condition():
            return True
        time.sleep(0.05)
    check(False, text)
    return False


def survives_restart(broker, topic, messages, slow):
    """Node 1 restarts in the middle of a run: exactly what was produced arrives.

    The member may lose its session meanwhile and get what was not committed again, so the
    end is not after a number of messages but when everything is there.
    """
    file, port = path(topic + ".db"), free_port()
    fill(broker, topic, messages)
    process = start("run", "--summary", "json", "--quiet", "--broker", broker, "--topic", topic,
                    "--group", "g-" + topic, "--sink", "sqlite:" + file, "--chaos",
                    f"slow={slow}", "--metrics", f"127.0.0.1:{port}")
    wait_for(lambda: metric(port, "processed_total") > 0, 60, "it works before the restart")
    check(metric(port, "processed_total") < messages / 2, "and is not at its end then")
    status, _, error = kafka("restart")
    check(status == 0, "the broker restarts " + error)
    wait_for(lambda: process.poll() is not None or count(file) >= messages, 120,
             "it goes on after the restart")
    process.terminate()
    r = finish(process, 60)
    check(r.status == 0, f"exit 0 {r.err}")
    pairs, ids = stored(file)
    check(sorted(ids) == list(range(1, messages + 1)), "exactly what was produced")
    check(r["committed"] == messages, f"and all of it is committed {r.json}")


def resident_kb(pid):
    with open(f"/proc/{pid}/status") as status:
        for line in status:
            if line.startswith("VmRSS"):
                return int(line.split()[1])
    return 0


__all__ = [name for name in dir() if not name.startswith("_")]
