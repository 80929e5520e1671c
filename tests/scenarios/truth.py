"""What each scenario is: the labels that run_scenarios.py checks.

Half of the first ones, chosen when they were written, are held out: no threshold was ever
set by looking at them (docs/audit.md).
"""
import draws
from case import LEAK, SAW, STEADY, STORM, WARM, Case, leak
from truth_blind import EIGHTH_BATCH, NINTH_BATCH, SEVENTH_BATCH
from truth_everyday import FIFTH_BATCH, SIXTH_BATCH
from truth_strangers import STRANGERS

TUNING = [
    leak("plain", ("forget", "plain")),
    leak("plain", ("forget", "plain"), scale=0.1),
    leak("below-traffic", ("forget",)),
    leak("rare-and-large", ("forget",)),
    leak("error-path", ("read_message",)),
    leak("late", ("forget",), growth=None),
    leak("exponential", ("forget",), growth="exponential"),
    leak("many-stacks", ("forget", "descend")),
    leak("wrapper", ("open_session",)),
    leak("in-threads", ("forget",)),
    leak("registry", ("shop::Registry::add",), program="objects"),
    leak("grows", (), program="objects.py"),
    leak("queue-unbounded", ("put", "enqueue"), program="bounded"),
    Case("bounded", "cache-random-keys", WARM, ("put", "look_up")),
    Case("bounded", "cache-until-full", WARM, ("put",)),
    Case("bounded", "cache-turnover", STEADY),
    Case("bounded", "requests", STEADY),
    Case("bounded", "queue-bursts", STEADY + SAW),
    Case("bounded", "population", STEADY),
    Case("bounded", "migration", STEADY),
    Case("bounded", "storm", STORM, ("churn", "storm")),
    Case("bounded", "storm-format", STORM, ("log_line",)),
    Case("waves", "batch", SAW, ("gather",)),
    Case("waves", "restarts", SAW + STEADY, ("gather",)),
    Case("waves", "thread-leak", ("thread_leak",), ("start_thread",)),
    Case("waves", "thread-pool", STEADY),
    Case("waves", "holes", ("fragmentation",), live=True),
    Case("objects", "cache", WARM + STEADY),
    Case("objects", "strings", STORM, ("shop::describe",)),
    Case("objects.py", "churns", STEADY + STORM),
    Case("leaks", "plain", LEAK + STEADY, seconds=2.5, interval="1s", too_short=True),
    Case("bounded", "requests", STEADY, seconds=2.5, interval="1s", too_short=True),
]

HELD_OUT = [
    leak("plain", ("forget", "plain"), scale=10),
    leak("plain", ("forget", "plain"), interval="20ms"),
    leak("plain", ("forget", "plain"), seconds=20, interval="1s"),
    leak("below-traffic", ("forget",), scale=0.3),
    leak("below-traffic", ("forget",), scale=5, rate="256"),
    leak("error-path", ("read_message",), scale=4),
    leak("after-startup", ("forget",)),
    leak("grows-by-realloc", ("append",)),
    leak("exponential", ("forget",), scale=1.4, growth="exponential"),
    leak("below-teeth", ("gather",), scale=3),
    leak("reachable", ("remember",)),
    leak("in-bursts", ("forget",)),
    leak("freed-at-exit", ("remember",)),
    leak("cycle", ("shop::pair_up",), program="objects"),
    leak("queue-unbounded", ("put", "enqueue"), program="bounded", scale=2),
    leak("many-stacks", ("forget", "descend"), scale=0.3),
    Case("bounded", "cache-random-keys", WARM, ("put", "look_up"), scale=0.6),
    Case("bounded", "cache-until-full", WARM, ("put",), scale=4),
    Case("bounded", "cache-turnover", STEADY, scale=3),
    Case("bounded", "idle", STEADY),
    Case("bounded", "queue-bursts", STEADY + SAW, scale=3),
    Case("bounded", "queue-steady", STEADY),
    Case("bounded", "population", STEADY, scale=0.3),
    Case("bounded", "startup", STEADY),
    Case("bounded", "storm", STORM, ("churn", "storm"), scale=3),
    Case("bounded", "storm-large", STORM, ("churn", "storm_large")),
    Case("bounded", "storm-copies", STORM, ("pass_on",)),
    Case("waves", "batch", SAW, ("gather",), scale=0.5),
    Case("waves", "tide", SAW, ("gather",)),
    Case("waves", "log-burst", SAW, ("keep_line",)),
    Case("waves", "batch-on-heap", SAW, ("gather",)),
    Case("waves", "thread-leak", ("thread_leak",), ("start_thread",), scale=0.4),
    Case("waves", "thread-per-message", STORM, ("start_thread",)),
    Case("waves", "holes", ("fragmentation",), scale=0.6, live=True),
    Case("objects", "batch", SAW, ("shop::gather",)),
    Case("objects", "requests", STEADY),
    Case("objects.py", "bounded", STEADY + WARM),
    Case("objects.py", "batches", SAW),
    Case("bounded", "storm", STORM + STEADY, seconds=2.5, interval="1s", too_short=True),
    Case("waves", "batch", SAW + STEADY + WARM, seconds=2.5, interval="1s", too_short=True),
]

# Written after the rest, when the thresholds were set: docs/audit.md says what their first
# run found.
FRESH = [
    leak("index-grows", ("new_node", "tree_insert"), program="fresh"),
    leak("index-grows", ("new_node", "tree_insert"), program="fresh", scale=0.1),
    Case("fresh", "index-fills", WARM, ("new_node", "tree_insert")),
    Case("fresh", "index-fills", WARM, ("new_node", "tree_insert"), scale=1.5),
    Case("fresh", "pooled", STEADY),
    Case("fresh", "refreshed", STEADY),
    leak("refreshed-leak", ("load_table",), program="fresh"),
    leak("early-return", ("parse_field", "parse_line"), program="fresh"),
    leak("early-return", ("parse_field", "parse_line"), program="fresh", scale=0.3),
    Case("fresh", "parser-storm", STORM, ("parse_field", "parse_line")),
    Case("fresh", "sliding", STEADY),
    Case("fresh", "sliding", STEADY, scale=0.1),
    Case("fresh", "day-and-night", SAW),
    Case("fresh", "never-joined", ("thread_leak",), ("spawn",)),
    Case("fresh", "joined", STEADY),
    leak("listeners", ("watch",), program="fresh"),
    leak("listeners", ("watch",), program="fresh", rate="512"),
    Case("fresh", "slow-start", STEADY),
]

# Written against the method as FRESH left it: shapes that real services have.
FIRST_BATCH = [
    leak("table-doubles", ("count_client", "counters_double"), program="growing", growth=None),
    leak("table-doubles", ("count_client", "counters_double"), program="growing", growth=None,
         scale=3),
    leak("session-table", ("open_session",), program="growing"),
    leak("session-table", ("open_session",), program="growing", scale=0.2),
    leak("builder", ("append_text",), program="growing", growth=None),
    leak("slab-leak", (), program="growing"),
    leak("under-heavy-traffic", ("note_peer",), program="growing"),
    leak("under-heavy-traffic", ("note_peer",), program="growing", scale=0.3),
    leak("burst-requests", ("handle",), program="growing", growth=None),
    leak("retries-double", ("schedule_retry",), program="growing", growth="exponential"),
    leak("retries-double", ("schedule_retry",), program="growing", growth="exponential",
         scale=0.5),
    leak("reconnects", ("connection_open",), program="growing"),
    leak("reconnects", ("connection_open",), program="growing", scale=3),
    leak("lines-kept", ("read_line",), program="growing"),
    leak("two-leaks", ("lose_much",), program="growing"),
    leak("two-leaks", ("lose_much",), program="growing", interval="20ms", seconds=4),
    leak("wrapped-strings", ("add_label",), program="growing"),
    leak("wrapped-strings", ("add_label",), program="growing", rate="1024", scale=4),
    leak("ramp-then-leak", ("subscribe",), program="growing"),
    leak("quadratic", ("record_result",), program="growing", growth=None),
    Case("growing", "workers-hang", ("thread_leak",), ("dispatch",)),
    leak("samples", ("net::Metrics::sample",), program="containers", growth=None),
    leak("subscribers", ("net::Bus::subscribe",), program="containers"),
    leak("inbox-grows", ("net::Inbox::receive",), program="containers"),
    leak("destructor", ("net::make_shape", "net::Derived::Derived"), program="containers"),
    leak("unbounded-memo", (), program="services.py"),
    leak("cycles-leak", (), program="services.py"),
    leak("handler-leak", (), program="services.py"),
    Case("services.py", "thread-leak", ("thread_leak",)),
    Case("healthy", "ring-fills", WARM + STEADY),
    Case("healthy", "ring-fills", WARM + STEADY, scale=2),
    Case("healthy", "ring-fills", STEADY, scale=0.3),
    Case("healthy", "ttl-cache", STEADY),
    Case("healthy", "ttl-cache", STEADY + WARM, scale=3),
    Case("healthy", "ttl-cache", STEADY + WARM, scale=5),
    Case("healthy", "generations", SAW, ("remember",)),
    Case("healthy", "log-rotation", SAW, ("log_line",)),
    Case("healthy", "waves", SAW + STEADY),
    Case("healthy", "ripples", STEADY),
    Case("healthy", "pool-ramps", STEADY + WARM),
    Case("healthy", "one-step", STEADY + WARM),
    Case("healthy", "steps", STEADY + SAW),
    Case("healthy", "leak-stops", STEADY + WARM),
    Case("healthy", "documents", STEADY),
    Case("healthy", "versions", STEADY + SAW),
    Case("healthy", "names-known", STEADY + WARM),
    Case("healthy", "collector", SAW, ("make_object",)),
    Case("healthy", "thread-bursts", STEADY + SAW),
    Case("healthy", "mixed-sizes", STEADY),
    Case("healthy", "mixed-sizes", STEADY, scale=0.1),
    Case("containers", "inbox-bounded", STEADY),
    Case("containers", "lru", STEADY + WARM),
    Case("containers", "lru-skewed", STEADY + WARM),
    Case("containers", "pages", STEADY),
    Case("containers", "pages-storm", STORM, ("net::render",)),
    Case("containers", "indexes", SAW),
    Case("services.py", "lru", STEADY + WARM),
    Case("services.py", "cycles-collected", STEADY + SAW),
    Case("services.py", "last-events", STEADY + WARM),
    Case("services.py", "documents", STEADY),
]



def mixture(parts, verdict, culprit=(), **more):
    return Case("mixture", " ".join(parts), verdict, culprit, argv=tuple(parts), **more)


def perl(name, loop, verdict, **more):
    """Statements that are run 200 times a second."""
    text = "my $n = 0; my (@kept, %%kept); my $end = time + 8; while (time < $end) { $n++; " \
        "%s; select(undef, undef, undef, 0.005); }" % loop
    return Case("/usr/bin/perl", name, verdict, argv=("-e", text), **more)


# Mixtures drawn at random, and interpreters. Seen by nobody before they were run.
SECOND_BATCH = [
    mixture(parts, verdict, culprit, seconds=seconds, interval="%dms" % interval)
    for parts, seconds, interval, verdict, culprit in draws.draw(2026, 36)
] + [
    mixture(("heap:1000:500", "leak:1:4000"), LEAK, ("lose",), seconds=20, interval="1s"),
    mixture(("leak:2000:16", "traffic:20000:64"), LEAK, ("lose",)),
    mixture(("teeth:200:400:500",), SAW + STEADY, seconds=20, interval="1s"),
    mixture(("cache:3000:900:200",), WARM + STEADY, seconds=10, interval="1s"),
    mixture(("ramp:2000:500:3", "traffic:1000:100"), WARM + STEADY, seconds=6),
    mixture(("bursts:0.3:3000:300", "heap:500:200"), STEADY + SAW),
    perl("cycles", 'my $x = { text => "x" x 60 }; $x->{self} = $x', LEAK),
    perl("list", 'push @kept, "entry $n of the list"', LEAK),
    # full after five seconds, and then not one allocation: did the load end, or is it full?
    perl("bounded", '$kept{$n % 500} = "value $n" x 5', STEADY + WARM + LEAK),
    perl("churn", 'my %h = map { $_ => "y" x $_ } 1 .. 50', STEADY),
    Case("/usr/bin/jq", "array", LEAK, interval="20ms",
         argv=("-n", "reduce range(1500000) as $i ([]; . + [$i]) | length")),
    Case("/usr/bin/sqlite3", "table", LEAK, interval="50ms",
         argv=(":memory:", "create table t(a, b); with recursive n(i) as (select 1 union all "
               "select i + 1 from n where i < 2000000) insert into t select i, 'text ' || i "
               "from n;")),
]

# Written when the second had been run: threads, arenas, classes, more draws.
THIRD_BATCH = [
    leak("workers-leak", ("finish_job",), program="servers"),
    leak("workers-leak", ("finish_job",), program="servers", scale=0.3),
    Case("servers", "workers", STEADY),
    leak("arena-kept", ("render_page", "arena_alloc"), program="servers"),
    Case("servers", "arena-per-request", STEADY),
    leak("references", ("make_object",), program="servers"),
    leak("references", ("make_object",), program="servers", scale=0.2),
    Case("servers", "epochs", SAW + STEADY),
    Case("servers", "epochs", SAW, scale=2),
    leak("timers-pile-up", ("set_timer",), program="servers"),
    Case("servers", "lazy-start", WARM + STEADY),
    Case("servers", "hump", STEADY + SAW),
    Case("servers", "ends-at-noon", STEADY + SAW),
    leak("reconnect-storms", ("subscribe_again",), program="servers"),
    leak("reconnect-storms", ("subscribe_again",), program="servers", seconds=16,
         interval="200ms"),
    Case("servers", "connection-threads", STEADY),
    Case("servers", "pool-grows", STEADY + WARM),
    Case("servers", "flat-out", STORM, ("compute",), seconds=4),
    leak("graph", ("app::Graph::connect",), program="classes"),
    leak("index-grows", ("app::Index::post",), program="classes"),
    leak("exceptions", ("app::parse_number",), program="classes"),
    Case("classes", "presence", STEADY),
    Case("classes", "window", STEADY),
    Case("classes", "journal", SAW, ("app::Journal::write",)),
    leak("seen-ids", ("app::Deduplicator::is_new",), program="classes"),
    leak("seen-ids", ("app::Deduplicator::is_new",), program="classes", scale=0.1),
    leak("audit-log", (), program="applications.py"),
    Case("applications.py", "orders", STEADY),
    Case("applications.py", "weak-cache", STEADY + WARM),
    leak("tasks-wait", (), program="applications.py"),
    Case("applications.py", "groups", SAW + STEADY),
] + [
    mixture(parts, verdict, culprit, seconds=seconds, interval="%dms" % interval)
    for parts, seconds, interval, verdict, culprit in draws.draw(31, 16)
]

def bash(name, loop, verdict, **more):
    """Commands that are run about 200 times a second."""
    text = "exec 3<> <(:); n=0; while ((SECONDS < 8)); do ((n++)); %s; " \
        "read -rt 0.004 <&3; done" % loop
    return Case("/bin/bash", name, verdict, argv=("-c", text), **more)


# Written when the third had been run: other kinds of programs; stores, calls into libraries,
# processes, what holds in C++, frameworks in Python. Labels were written before the first run.
FOURTH_BATCH = [
    Case("stores", "lru-zipf", STEADY + WARM),
    Case("stores", "lru-zipf", STEADY + WARM, scale=0.3),
    leak("lru-forgotten", ("fetch",), program="stores"),
    leak("lru-forgotten", ("fetch",), program="stores", scale=0.4, growth=None),
    Case("stores", "interned-late", WARM),
    Case("stores", "interned-late", WARM, scale=2),
    leak("negative-answers", ("remember_missing",), program="stores"),
    leak("negative-answers", ("remember_missing",), program="stores", scale=0.3),
    Case("stores", "pool-idles", SAW + STEADY),
    Case("stores", "high-water", STEADY + WARM),
    Case("stores", "regions", STEADY + WARM),
    leak("ring-lags", ("ring_push",), program="stores"),
    leak("ring-lags", ("ring_push",), program="stores", scale=0.4),
    Case("stores", "ring-keeps-up", STEADY + SAW + WARM),
    Case("stores", "backlog-drains", STEADY + SAW),
    leak("histories", ("session_append",), program="stores"),
    leak("needle", ("open_cursor",), program="stores"),
    leak("needle", ("open_cursor",), program="stores", seconds=16, interval="200ms"),
    Case("stores", "double-buffer", STEADY + STORM),
    leak("error-texts", ("describe_error",), program="library_calls"),
    leak("folder-listing", ("count_files",), program="library_calls"),
    leak("addresses", ("resolve",), program="library_calls"),
    leak("rules", ("match_rule",), program="library_calls"),
    Case("library_calls", "rules-freed", STEADY),
    leak("trace-ids", ("set_trace_id",), program="library_calls"),
    leak("streams", ("append_audit",), program="library_calls"),
    leak("zlib-states", ("compress_message",), program="library_calls"),
    Case("library_calls", "zlib-ended", STEADY),
    Case("library_calls", "plugins", STEADY),
    Case("library_calls", "line-loop", STEADY),
    leak("one-of-eight", ("handle_request",), program="processes"),
    Case("processes", "all-eight-well", STEADY),
    Case("processes", "thread-caches", STEADY + WARM),
    Case("processes", "lock-convoy", ("thread_leak",), ("start_handler",)),
    Case("processes", "lock-queues", STEADY + SAW),
    Case("processes", "fork-server", STEADY),
    leak("fork-forgets", ("fork_worker",), program="processes"),
    leak("burst-leak", ("on_message",), program="processes"),
    leak("burst-leak", ("on_message",), program="processes", scale=4, rate="64"),
    Case("processes", "storm-phases", STORM, ("render_tile",)),
    Case("processes", "repaired", STEADY + SAW),
    leak("seasonal", ("track_order",), program="processes"),
    leak("seasonal", ("track_order",), program="processes", seconds=20, interval="500ms"),
    Case("processes", "collected", SAW, ("new_object", "collected")),
    Case("processes", "collected", SAW, ("new_object", "collected"), scale=0.5),
    leak("collected-but-grows", ("new_object", "collected_but_grows"), program="processes", growth=None),
    leak("log-names", ("rotate_log",), program="processes"),
    Case("processes", "mapped-index", STEADY),
    Case("processes", "turned-up", STEADY + WARM),
    leak("book", ("hold::Book::place",), program="holders"),
    leak("sessions", ("hold::Sessions::touch",), program="holders"),
    leak("watched", ("hold::Registry::open",), program="holders"),
    leak("parents", ("hold::parent_and_child",), program="holders"),
    Case("holders", "weak-parents", STEADY),
    leak("futures", ("hold::Scheduler::submit",), program="holders"),
    leak("tokens", ("hold::Parser::token",), program="holders", growth=None),
    Case("holders", "rooms", STEADY + WARM),
    Case("holders", "timers", STEADY + WARM),
    leak("errors", ("hold::ErrorLog::capture",), program="holders"),
    leak("chain", ("hold::Pipeline::then",), program="holders"),
    Case("holders", "json", STEADY),
    Case("holders", "reports", SAW + STEADY),  # a fifth of the heap: libstdc++'s is larger
    Case("holders", "reports", SAW, ("hold::Report::line",), scale=3, seconds=20,
         interval="200ms"),
    Case("holders", "window", STEADY + WARM),
    leak("cached-methods", (), program="frameworks.py"),
    leak("errors-kept", (), program="frameworks.py"),
    leak("handlers-added", (), program="frameworks.py"),
    # eight seconds are too short: CPython's lists of free tuples are still filling
    Case("frameworks.py", "classes-made", STEADY + SAW + LEAK),
    Case("frameworks.py", "classes-made", STEADY + SAW + WARM, seconds=20),
    Case("frameworks.py", "sessions", STEADY + WARM),
    Case("frameworks.py", "lines-in-batches", SAW + STEADY),  # a thirtieth of the heap
    Case("frameworks.py", "streams", STEADY),
    leak("rows-in-memory", (), program="frameworks.py"),
    bash("array", 'kept+=("entry $n of the array")', LEAK),
    bash("words", 'set -- a{1..40}; x="${*//a/b}"', STORM),  # 157,000 blocks a second
    Case("stores", "lru-zipf", STEADY + WARM, seconds=2.5, interval="1s", too_short=True),
    Case("holders", "book", LEAK + STEADY, seconds=2.5, interval="1s", too_short=True),
    Case("processes", "one-of-eight", LEAK + STEADY, seconds=0.8, too_short=True),
    Case("processes", "storm-phases", STORM + STEADY, seconds=1.8, interval="1s",
         too_short=True),
]

for _case in STRANGERS:
    _case.half = "strangers"
for _case in NINTH_BATCH:
    _case.half = "batch 9"
for _case in EIGHTH_BATCH:
    _case.half = "batch 8"
for _case in SEVENTH_BATCH:
    _case.half = "batch 7"
for _case in SIXTH_BATCH:
    _case.half = "batch 6"
for _case in FIFTH_BATCH:
    _case.half = "batch 5"
for _case in FOURTH_BATCH:
    _case.half = "batch 4"
for _case in THIRD_BATCH:
    _case.half = "batch 3"
for _case in SECOND_BATCH:
    _case.half = "batch 2"
for _case in FIRST_BATCH:
    _case.half = "batch 1"
for _case in FRESH:
    _case.half = "fresh"
for _case in HELD_OUT:
    _case.half = "held out"
CASES = TUNING + HELD_OUT + FRESH + FIRST_BATCH + SECOND_BATCH + \
    THIRD_BATCH + FOURTH_BATCH + FIFTH_BATCH + SIXTH_BATCH + \
    SEVENTH_BATCH + EIGHTH_BATCH + NINTH_BATCH + STRANGERS
