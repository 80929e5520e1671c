"""What each scenario is: the labels that run_scenarios.py checks.

A case is a program with its arguments and what is true of it. Half of them, chosen
when they were written, are held out: no threshold was ever set by looking at them
(docs/audit.md).
"""
import dataclasses

import draws


@dataclasses.dataclass
class Case:
    program: str
    name: str
    verdict: tuple          # any of these is right
    culprit: tuple = ()     # any of these functions; none: not checked
    scale: float = 1
    seconds: float = 8
    interval: str = "100ms"
    growth: str = None
    half: str = "tuning"
    live: bool = False      # audited at 9/10 of its time, while it lives
    too_short: bool = False  # confidence must be below 0.5; any verdict but leak is right
    rate: str = "exact"
    argv: tuple = ()        # of a program that is no scenario

    @property
    def title(self):
        extra = "" if self.rate == "exact" else " sampled"
        return "%s %s x%g %gs/%s%s" % (self.program, self.name, self.scale, self.seconds,
                                       self.interval, extra)


LEAK, STEADY, STORM = ("leak",), ("steady",), ("storm",)
SAW, WARM = ("sawtooth",), ("warming",)


def leak(name, culprit, growth="linear", program="leaks", **more):
    return Case(program, name, LEAK, culprit, growth=growth, **more)


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
    Case("containers", "pages-storm", STORM, ("net::render[abi:cxx11]",)),
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

# Written by somebody who had not read the rules: what a stranger would try. Loads of all
# kinds, handles of libraries, crews of threads, C++ and Python as they are written.
HANDLES = (
    ("folders", "scan_spool"), ("settings", "read_settings"), ("locales", "print_money"),
    ("conversions", "to_latin"), ("statements", "count_orders"), ("digests", "hash_upload"),
    ("archives", "read_archive"), ("memory-streams", "render_report"), ("paths", "find_home"),
    ("commands", "read_command"), ("tree-of-words", "note_word"), ("titles", "set_title"),
    ("grows-by-hand", "append_record"))

FIFTH_BATCH = [leak(name, (culprit,), program="handles") for name, culprit in HANDLES] + [
    Case("loads", "log-normal-sizes", STEADY),
    Case("loads", "log-normal-sizes", STEADY, scale=0.1),
    Case("loads", "log-normal-sizes", STEADY, seconds=20, interval="1s"),
    leak("log-normal-leak", ("keep_result",), program="loads"),
    leak("log-normal-leak", ("keep_result",), program="loads", scale=0.2),
    leak("log-normal-leak", ("keep_result",), program="loads", seconds=3, interval="20ms"),
    Case("loads", "ramp-then-steady", WARM + STEADY),
    Case("loads", "ramp-then-steady", WARM + STEADY, scale=4, seconds=20, interval="1s"),
    Case("loads", "long-ramp", WARM + STEADY),
    Case("loads", "day-and-night", SAW + STEADY),
    Case("loads", "day-and-night", SAW + STEADY, scale=3, seconds=16, interval="200ms"),
    leak("day-and-night-leak", ("note_visit",), program="loads"),
    leak("day-and-night-leak", ("note_visit",), program="loads", seconds=20, interval="500ms"),
    # half-way is when the rise ends: the rest is turnover
    Case("loads", "fills-in-half", WARM + STEADY),
    Case("loads", "fills-in-half", WARM + STEADY, scale=0.3, seconds=20, interval="1s"),
    # full for the last quarter
    Case("loads", "fills-late", WARM + STEADY),
    Case("loads", "fills-late", WARM + STEADY, scale=3, seconds=12, interval="50ms"),
    Case("loads", "fills-then-hits", WARM + STEADY),
    Case("loads", "time-to-live", WARM + STEADY),
    Case("loads", "time-to-live", WARM + STEADY, scale=0.2, seconds=14),
    Case("loads", "swept", SAW + STEADY),
    Case("loads", "swept", SAW + STEADY, scale=2, seconds=16),
    # the heap is twice as large for an instant
    Case("loads", "reloads", STEADY + SAW),
    Case("loads", "reloads", STEADY + SAW, scale=4, seconds=16),
    leak("reload-leak", ("load_config",), program="loads"),
    leak("reload-leak", ("load_config",), program="loads", scale=3, seconds=20,
         interval="200ms"),
    Case("loads", "batch-jobs", SAW, ("load_rows",)),
    Case("loads", "batch-jobs", SAW, ("load_rows",), scale=2, seconds=20, interval="200ms"),
    leak("batch-jobs-leak", ("summarise",), program="loads", growth=None),
    leak("batch-jobs-leak", ("summarise",), program="loads", growth=None, scale=0.4),
    Case("loads", "three-phases", STEADY + SAW + WARM),
    Case("loads", "startup-table", STEADY),
    Case("loads", "startup-table", STEADY, seconds=20, interval="1s"),
    Case("loads", "slow-startup", STEADY + WARM),
    Case("loads", "two-generations", SAW + STEADY),
    Case("loads", "two-generations", SAW + STEADY, scale=0.3),
    Case("loads", "bounded-queue", STEADY + SAW),
    Case("loads", "bounded-queue", STEADY + SAW, scale=4, seconds=12),
    leak("grows-by-hand", ("append_record",), program="handles", scale=0.3, seconds=16),
    leak("samples-double", ("push_sample",), program="handles", growth=None),
    leak("samples-double", ("push_sample",), program="handles", growth=None, scale=10),
    leak("doubles-by-time", ("double_buffer",), program="handles", growth="exponential"),
    leak("tasks-multiply", ("spawn_task",), program="handles", growth="exponential"),
    leak("tasks-multiply", ("spawn_task",), program="handles", growth="exponential",
         scale=2.2),
    leak("tasks-multiply", ("spawn_task",), program="handles", growth="exponential",
         scale=3, seconds=20, interval="1s"),
    leak("one-of-sixty", ("handle_37",), program="handles"),
    leak("one-of-sixty", ("handle_37",), program="handles", scale=0.3),
    leak("drip-under-traffic", ("count_client",), program="handles"),
    leak("drip-under-traffic", ("count_client",), program="handles", scale=0.5, seconds=20,
         interval="200ms"),
    Case("handles", "lines-by-realloc", STORM, ("build_line",)),
    Case("handles", "stages-churn", STORM, ("first_stage", "second_stage", "third_stage")),
    Case("handles", "stages-churn", STEADY, scale=0.02),
    Case("handles", "busy-workers", STORM, ("parse_request",), scale=2),
    Case("crews", "others-free", STEADY),
    leak("others-forget", ("receive",), program="crews"),
    leak("others-forget", ("receive",), program="crews", scale=3, rate="512"),
    Case("crews", "pool-up-to-limit", STEADY + WARM),
    Case("crews", "hung-handlers", ("thread_leak",), ("add_worker",)),
    Case("crews", "hung-handlers", ("thread_leak",), ("add_worker",), scale=4, seconds=5,
         interval="50ms"),
    Case("crews", "thinned-out", ("fragmentation",), live=True),
    Case("crews", "thinned-out", ("fragmentation",), scale=0.5),
    Case("crews", "small-between-large", ("fragmentation",), live=True),
    Case("crews", "small-between-large", ("fragmentation",)),
    Case("crews", "large-go-back", STEADY, live=True),
    leak("region-never-freed", ("index_page", "tag_page", "region_alloc"), program="crews"),
    Case("crews", "pool-of-slots", STEADY),
    Case("crews", "pool-on-demand", WARM),
    Case("crews", "as-fast-as-it-goes", STORM, ("tight_loop",), seconds=3),
    leak("forgets-in-batches", ("shop::Batch::add",), program="everyday"),
    leak("contexts-stay", ("shop::Contexts::begin",), program="everyday"),
    leak("friends", ("shop::meet",), program="everyday"),
    leak("released", ("shop::drop_session",), program="everyday"),
    leak("released", ("shop::drop_session",), program="everyday", scale=0.2),
    Case("everyday", "counts-known", WARM + STEADY),
    leak("counts-new", ("shop::Counters::count",), program="everyday"),
    Case("everyday", "recent-lines", STEADY + WARM),
    Case("everyday", "interview-cache", WARM + STEADY),
    Case("everyday", "joins", STORM, ("shop::join",)),
    Case("everyday", "tokens-seen", STEADY),
    # text_of() makes the strings that collect() keeps
    Case("everyday", "reports", SAW, ("shop::collect", "shop::text_of")),
    leak("listeners-multiply", ("shop::Bus::subscribe",), program="everyday",
         growth="exponential"),
    leak("requests-kept", (), program="everyday.py"),
    leak("by-user", (), program="everyday.py"),
    leak("text-grows", (), program="everyday.py", growth=None),
    Case("everyday.py", "expiring", STEADY + WARM),
    Case("everyday.py", "tables", STEADY + SAW),
    Case("everyday.py", "jobs", SAW + STEADY),  # a fourteenth of the heap
    Case("everyday.py", "worker-queue", STEADY),
    Case("everyday.py", "stuck-workers", ("thread_leak",)),
    Case("everyday.py", "parses", STEADY),
    Case("loads", "batch-jobs", SAW + STEADY + WARM, seconds=1, too_short=True),
    Case("handles", "titles", LEAK + STEADY, seconds=0.5, too_short=True),
    Case("handles", "stages-churn", STORM + STEADY, seconds=0.2, too_short=True),
    Case("loads", "startup-table", STEADY + WARM + STORM, seconds=0.3, too_short=True),
    Case("crews", "as-fast-as-it-goes", STORM + STEADY, seconds=1.5, interval="1s",
         too_short=True),
    Case("everyday", "reports", SAW + STEADY + WARM, seconds=3, interval="1s",
         too_short=True),
]

# Written when the fifth had been run and mended for: whole programs in one function,
# optimised, at other speeds and time scales.
ITEMS = ("add_item", "linked_list", "freed_in_the_end")
SIXTH_BATCH = [
    leak("linked-list", ITEMS, program="strangers"),
    leak("linked-list", ITEMS, program="strangers", scale=20, seconds=4, interval="20ms"),
    leak("linked-list", ITEMS, program="strangers", scale=0.1, seconds=20, interval="500ms"),
    leak("freed-in-the-end", ITEMS, program="strangers"),
    Case("strangers", "list-and-free", SAW, ("add_item", "list_and_free")),
    Case("strangers", "list-and-free", SAW, ("add_item", "list_and_free"), scale=3,
         seconds=24, interval="500ms"),
    Case("strangers", "tidy-tool", STEADY),
    Case("strangers", "tidy-tool", STEADY, scale=10, seconds=3, interval="50ms"),
    Case("strangers", "matrices", STEADY),
    Case("strangers", "matrices", STORM + STEADY, scale=5),
    leak("matrices-leak", ("matrices_leak",), program="strangers"),
    leak("matrices-leak", ("matrices_leak",), program="strangers", scale=0.4, seconds=20,
         interval="1s"),
    leak("table-of-all", ("table_put", "table_of_all"), program="strangers"),
    leak("table-of-all", ("table_put", "table_of_all"), program="strangers", scale=4,
         rate="2048"),
    Case("strangers", "table-bounded", WARM + STEADY),
    Case("strangers", "table-bounded", WARM + STEADY, scale=1.6),
    Case("strangers", "table-bounded", STEADY + WARM, scale=0.2, seconds=15, interval="250ms"),
    Case("strangers", "table-of-known", WARM),
    Case("strangers", "table-of-known", WARM + STEADY, scale=0.3),
    Case("strangers", "in-flight", STEADY),
    Case("strangers", "in-flight", STEADY, scale=0.05, seconds=20, interval="1s"),
    leak("in-flight-leak", ("in_flight_leak",), program="strangers"),
    leak("in-flight-leak", ("in_flight_leak",), program="strangers", scale=0.1, seconds=20,
         interval="250ms"),
    Case("strangers", "logarithm", WARM + LEAK),  # slower and slower, and for ever
    leak("log-buffer", ("log_append", "log_buffer"), program="strangers"),
    leak("log-buffer", ("log_append", "log_buffer"), program="strangers", scale=5,
         rate="4096"),
    Case("strangers", "log-flushed", SAW, ("log_append", "log_flushed")),
    Case("strangers", "spread-out", ("fragmentation",)),
    Case("strangers", "spread-out", ("fragmentation",), live=True, scale=0.6),
    Case("strangers", "all-freed-at-exit", STEADY + WARM),
    Case("strangers", "all-freed-at-exit", STEADY + WARM, live=True),
    Case("strangers", "deadlocked", ("thread_leak",), ("on_request", "deadlocked")),
    Case("strangers", "deadlocked", ("thread_leak",), ("on_request", "deadlocked"), scale=10,
         seconds=4, interval="50ms"),
    Case("strangers", "frames", STEADY),
    Case("strangers", "frames", STORM, ("frame", "frames"), scale=40),
    leak("worm", ITEMS + ("infect", "worm"), program="strangers", growth="exponential"),
    leak("worm", ITEMS + ("infect", "worm"), program="strangers", growth="exponential",
         scale=2, seconds=20, interval="500ms"),
    Case("strangers", "frames", STEADY + STORM, seconds=0.1, too_short=True),
    Case("strangers", "worm", LEAK + STEADY + WARM, seconds=1, too_short=True),
    Case("strangers", "table-bounded", WARM + STEADY, seconds=4, interval="1s",
         too_short=True),
]

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
    THIRD_BATCH + FOURTH_BATCH + FIFTH_BATCH + SIXTH_BATCH
