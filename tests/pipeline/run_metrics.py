"""The metrics endpoint speaks Prometheus' text format and agrees with the summary."""
import re
from harness import *

port = free_port()
process = start("run", "--summary", "json", "--quiet", "--rate", 20000, "--duration", "120s",
                "--metrics", f"127.0.0.1:{port}", "--sink", "null")


def get(page):
    return urllib.request.urlopen(f"http://127.0.0.1:{port}/{page}", timeout=5)


def up():
    try:
        return get("healthz").status == 200
    except OSError:
        return False


wait_for(up, 60, "the endpoint answers")
wait_for(lambda: metric(port, "consumed_total") > 10000, 60, "it works")
text = get("metrics").read().decode()
values, types = {}, {}
for line in text.splitlines():
    if line.startswith("# TYPE "):
        types[line.split()[2]] = line.split()[3]
    elif not line.startswith("#"):
        match = re.fullmatch(r'([a-z_]+)(\{[a-z]+="[^"]+"\})? ([-+0-9.e]+|nan)', line)
        check(match is not None, "a line of the format: " + line) if match is None else None
        if match:
            values[match.group(1) + (match.group(2) or "")] = float(match.group(3))
check(all(name.startswith("heapring_pipeline_") for name in types), "one prefix")
for name in ("consumed_total", "inflight_messages", "resident_bytes", "lag",
             "latency_seconds", "batch_messages", "breaker_open", "retry_messages",
             "dead_letters_total", "threads", "heap_bytes", "heap_held_bytes", "queue_bytes", "prefetch_bytes", "allocations_total"):
    check("heapring_pipeline_" + name in types, "has " + name)
check(values["heapring_pipeline_consumed_total"] > 0, "counts")
check(values["heapring_pipeline_inflight_messages_max"] <=
      values["heapring_pipeline_inflight_messages_limit"], "within the bound")
document = os.path.join(os.path.dirname(__file__), "../../docs/pipeline-metrics.md")
if os.path.exists(document):
    page = open(document).read()
    for name in types:
        check(name[len("heapring_pipeline_"):] in page, name + " is in the documentation")
board = os.path.join(os.path.dirname(__file__), "../../docs/grafana/pipeline.json")
if os.path.exists(board):
    asked = set(re.findall(r"heapring_pipeline_[a-z_0-9]+", open(board).read()))
    unknown = {name for name in asked if re.sub(r"_(bucket|sum|count)$", "", name) not in types}
    check(asked and not unknown, f"the dashboard asks for what there is {unknown}")
try:
    get("nothing")
    check(False, "404 for what is not there")
except urllib.error.HTTPError as error:
    check(error.code == 404, "404 for what is not there")
process.terminate()
r = finish(process)
check(r.status == 0, "the run ends well")
check(r["consumed"] >= values["heapring_pipeline_consumed_total"], "and agrees")


def process_mib(*more):
    """What the budget gives to the program and its libraries."""
    r = pipeline("run", "--messages", 10, "--summary", "json", *more)
    return float(re.search(r"budget +([0-9.]+) MiB  process", r.err).group(1))


check(SANITIZED or process_mib("--metrics", "127.0.0.1:0") > process_mib() + 1,
      "the budget knows the memory of the endpoint's library")
done()
