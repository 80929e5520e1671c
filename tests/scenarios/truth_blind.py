"""Labels of batches that were committed before the programs' first run (7 to 9).

Written without a look at the rules or at the older programs. What an interpreter's
allocations are called is the interpreter's affair: those have no culprit. Three were taken
out afterwards, since what they do is not to be seen: PHP's arena is mapped, and nothing
had been collected yet in Node and Ruby (docs/audit.md).
"""
from case import LEAK, SAW, STEADY, STORM, WARM, Case, leak

NOT_A_LEAK = STEADY + SAW + WARM
FRAGMENTATION, THREAD_LEAK = ("fragmentation",), ("thread_leak",)


def requests(name, verdict, culprit=(), **more):
    return Case("requests", name, verdict, culprit, **more)


def script(program, name, verdict, *argv, **more):
    return Case(program, name, verdict, argv=argv, **more)


def paced(seconds, per_second, line):
    """A shell command that prints a line so often; $i is its number."""
    return "i=0; while [ $i -lt %d ]; do i=$((i+1)); echo \"%s\"; sleep %g; done" % (
        seconds * per_second, line, 1 / per_second)


SERVERS = [
    requests("error-path", LEAK, ("decode_upload",)),
    requests("error-path", LEAK, ("decode_upload",), seconds=25, interval="1s"),
    requests("rare-session", LEAK, ("open_session",), seconds=20, interval="200ms"),
    requests("rare-session", LEAK, ("open_session",), seconds=40, interval="1s", scale=10),
    requests("lost-document", LEAK, ("parse_element",), seconds=12),
    requests("own-layer", LEAK, ("remember_peer",)),
    requests("own-layer", LEAK, ("remember_peer",), seconds=30, interval="1s"),
    requests("journal-grows", LEAK, ("journal_append",), seconds=10),
    requests("retries-pile-up", LEAK, ("schedule_retry",), seconds=15, interval="500ms"),
    requests("retries-drain", STEADY, seconds=15, interval="500ms"),
    requests("session-table", STEADY, seconds=20, interval="1s"),
    requests("session-table", STEADY),
    requests("splits", STORM, ("split_fields",)),
    requests("metric-per-client", LEAK, ("series_for",), seconds=6, interval="50ms"),
    requests("metric-per-route", STEADY),
    requests("reload-keeps-aliases", LEAK, ("read_aliases",), seconds=16, interval="200ms"),
]

CACHES = [
    Case("caches", "popular-keys", WARM + STEADY, seconds=10),
    Case("caches", "popular-keys", WARM + STEADY, seconds=30, interval="1s", scale=3),
    Case("caches", "even-keys", WARM, seconds=12),
    Case("caches", "even-keys", WARM, seconds=30, interval="1s"),
    Case("caches", "fills-to-bound", WARM + STEADY, scale=0.2, seconds=10),
    Case("caches", "fills-to-bound", WARM + STEADY, scale=0.45, seconds=25, interval="1s"),
    Case("caches", "fills-to-bound", WARM + STEADY, scale=0.7, seconds=12),
    Case("caches", "in-steps", WARM + STEADY, seconds=10),
    Case("caches", "in-steps", WARM + STEADY, seconds=30, interval="1s", scale=1.5),
    Case("caches", "cleared-when-full", SAW, ("load_value",), seconds=12),
    Case("caches", "cleared-when-full", SAW, ("load_value",), seconds=30, interval="1s",
         scale=7),
    Case("caches", "expires", STEADY + SAW + WARM, seconds=12),
    Case("caches", "full-at-start", STEADY, seconds=10),
    Case("caches", "full-at-start", STEADY, seconds=30, interval="1s", scale=2),
    leak("evicts-half", ("render_thumbnail",), program="caches"),
    leak("memo-beside-cache", ("memoise",), program="caches", seconds=20, interval="500ms"),
    leak("memo-beside-cache", ("memoise",), program="caches", scale=0.1, seconds=12),
    Case("caches", "two-levels", WARM + STEADY, seconds=12),
]

TEETH = [
    Case("teeth", "batches", SAW, ("add_row",), seconds=10),
    Case("teeth", "batches", SAW, ("add_row",), seconds=30, interval="1s", scale=5),
    Case("teeth", "batches", SAW, ("add_row",), seconds=40, interval="1s", scale=11),
    Case("teeth", "batches", SAW, ("add_row",), seconds=8, scale=0.4),
    Case("teeth", "batches", NOT_A_LEAK, seconds=20, interval="500ms", scale=14),
    Case("teeth", "uneven-batches", SAW, ("add_row",), seconds=15, interval="200ms",
         scale=2),
    Case("teeth", "uneven-batches", SAW, ("add_row",), seconds=40, interval="1s", scale=6),
    Case("teeth", "levels", SAW + STEADY, seconds=12, scale=2),
    Case("teeth", "levels", SAW + STEADY, seconds=40, interval="1s", scale=8),
    Case("teeth", "day-wave", SAW + STEADY, seconds=12, scale=3),
    Case("teeth", "day-wave", NOT_A_LEAK, seconds=30, interval="1s", scale=1.6),
    Case("teeth", "batches-leave", LEAK, ("keep_trace",), seconds=15),
    Case("teeth", "batches-leave", LEAK, ("keep_trace",), seconds=40, interval="1s",
         scale=6),
    Case("teeth", "rotated-log", SAW, ("grow_log",), seconds=12),
    Case("teeth", "rotated-log", SAW, ("grow_log",), seconds=40, interval="1s", scale=4),
    Case("teeth", "two-buffers", STEADY + SAW),
    Case("teeth", "recycled-worker", SAW, seconds=16, scale=3),
    Case("teeth", "recycled-worker", SAW, seconds=40, interval="1s", scale=9),
    Case("teeth", "bursts", STEADY + SAW, seconds=15),
    Case("teeth", "bursts", STEADY + SAW, seconds=30, interval="1s", scale=3),
]

LAYERS = [
    leak("slab-one-user", ("accept_client",), program="slabs"),
    leak("slab-one-user", ("accept_client",), program="slabs", seconds=30, interval="1s"),
    leak("slab-two-users", ("accept_client",), program="slabs"),
    Case("slabs", "slab-reused", STEADY + WARM, seconds=10),
    Case("slabs", "arena-each-page", STEADY),
    leak("arena-for-ever", ("note_header",), program="slabs", seconds=10),
    leak("arena-for-ever", ("note_header",), program="slabs", seconds=30, interval="1s",
         scale=3),
    leak("interned", ("intern",), program="slabs", seconds=5, interval="50ms"),
    leak("mappings", ("map_index",), program="slabs", seconds=10, mmap=True),
    Case("slabs", "mappings-returned", STEADY, mmap=True),
    Case("slabs", "holes", FRAGMENTATION, seconds=10),
    leak("pool-loses", ("send_mail",), program="slabs", seconds=12),
]

THREADS = [
    leak("too-fast", ("make_job",), program="workers"),
    leak("too-fast", ("make_job",), program="workers", seconds=25, interval="1s"),
    Case("workers", "bounded", STEADY + WARM),
    Case("workers", "keeps-up", STEADY),
    leak("three-stages", ("encode_row",), program="workers", seconds=10),
    Case("workers", "not-joined", THREAD_LEAK, ("start_task",)),
    Case("workers", "not-joined", THREAD_LEAK, ("start_task",), seconds=30, interval="1s"),
    Case("workers", "waiting-for-ever", THREAD_LEAK, ("watch_file",)),
    Case("workers", "joined-each", STEADY),
    leak("not-collected", ("keep_result",), program="workers"),
    Case("workers", "own-caches", STEADY),
    Case("workers", "burst-queue", STEADY + SAW, seconds=14),
]

CPLUSPLUS = [
    leak("owner-cycle", ("app::join_room",), program="idioms"),
    leak("asked-is-kept", ("app::is_known",), program="idioms", growth=None),
    leak("half-deleted", ("app::Polygon::Polygon",), program="idioms"),
    leak("listeners-stay", ("app::open_window", "app::Bus::subscribe"), program="idioms"),
    leak("thrown-away", ("app::execute",), program="idioms"),
    leak("monotonic", ("app::answer",), program="idioms", growth=None, seconds=12),
    leak("weak-keeps", ("app::load_texture",), program="idioms"),
    leak("counting-allocator", ("app::take_order",), program="idioms"),
    leak("counting-allocator", ("app::take_order",), program="idioms", seconds=25,
         interval="1s", scale=0.2),
    Case("idioms", "recent", STEADY + WARM, seconds=10),
    Case("idioms", "last-lines", STEADY),
    Case("idioms", "copies", STORM, ("app::build_report",)),
    Case("idioms", "streams", STORM, ("app::format_row",)),
    Case("idioms", "regex-each", STORM, ("app::is_address",)),
    Case("idioms", "room-kept", STEADY),
    Case("idioms", "by-day", STEADY + SAW + WARM, seconds=12),
    leak("released", ("app::make_token",), program="idioms"),
]

PYTHON = [Case("scripts.py", name, verdict) for name, verdict in (
    ("registry-of-instances", LEAK), ("default-argument", LEAK),
    ("cycles-without-collector", LEAK), ("cycles-with-collector", STEADY + SAW),
    ("cache-without-bound", LEAK), ("cache-with-bound", STEADY + WARM),
    ("window", STEADY + WARM), ("parses-json", STEADY + STORM),
    ("queue-without-consumer", LEAK), ("flushed", SAW + STEADY), ("weak-cache", STEADY),
    ("report-in-memory", LEAK))] + [
        Case("scripts.py", "registry-of-instances", LEAK, seconds=25, interval="1s"),
        Case("scripts.py", "cache-with-bound", STEADY + WARM, seconds=25, interval="1s")]

RUST = [Case("owned", name, verdict, culprit, **more) for name, verdict, culprit, more in (
    ("cycle", LEAK, ("owned::connect",), {}),
    ("map-grows", LEAK, ("owned::remember",), {}),
    ("window", STEADY + WARM, (), {}),
    ("strings", STORM, ("owned::render",), {}),
    ("slow-receiver", LEAK, ("owned::send_event",), {"seconds": 12}),
    ("forgotten", LEAK, ("owned::forget_buffer",), {"seconds": 20, "interval": "500ms"}))]

PERL_LOOP = "my $e = time + 8; while (time < $e) { select(undef, undef, undef, .004); %s }"
TICKS = "for line in io.popen([[%s]]):lines() do %s end"
PACED = paced(8, 150, "tick $i")
OTHERS = [
    script("/usr/bin/perl", "hash by visitor", LEAK, "-MTime::HiRes=time", "-e",
           PERL_LOOP % "$n{'visitor ' . ++$i} = [$i, 'x' x 40];"),
    script("/usr/bin/perl", "closures hold themselves", LEAK, "-MTime::HiRes=time", "-e",
           PERL_LOOP % "my $f; my $d = 'y' x 200; $f = sub { $f->() if $d; };"),
    script("/usr/bin/perl", "last lines", STEADY + WARM, "-MTime::HiRes=time", "-e",
           PERL_LOOP % "push @l, 'line ' . ++$i . 'z' x 90; shift @l if @l > 300;"),
    script("/usr/bin/lua5.4", "table grows", LEAK, "-e", "t = {} " + TICKS % (
        PACED, "t[#t + 1] = { line, ('x'):rep(60) }")),
    script("/usr/bin/lua5.4", "ring", STEADY + SAW + WARM, "-e", "t, n = {}, 0 " + TICKS % (
        PACED, "n = n % 100 + 1; t[n] = line .. ('x'):rep(100)")),
    script("/usr/bin/gawk", "array grows", LEAK, "BEGIN { while ((\"%s\" | getline) > 0) "
           "seen[$0 \" of many\"] = $0 }" % PACED.replace('"', '\\"')),
    script("/usr/bin/bash", "array grows", LEAK, "-c",
           "exec 9<> <(:); while ! read -t .004 -u 9 && [ $SECONDS -lt 8 ]; do "
           "a+=(\"an entry of the list, number ${#a[@]}\"); done"),
    script("/usr/bin/ruby", "array grows", LEAK, "-e",
           "a = []; e = Time.now + 8; while Time.now < e; sleep 0.004; "
           "a << ('text of a line ' * 10 + a.size.to_s); end"),
    script("/usr/bin/node", "buffers kept", LEAK, "-e",
           "const kept = []; const t = setInterval(() => kept.push(Buffer.alloc(20000, 1)), 10);"
           "setTimeout(() => clearInterval(t), 8000)"),
    script("/usr/bin/sqlite3", "table in memory grows", LEAK, ":memory:",
           "create table t(a, b);", ".read '|%s'" % paced(
               8, 100, "insert into t values ($i, hex(zeroblob(400)));")),
    script("/usr/bin/sqlite3", "queries", STEADY, ":memory:",
           "create table t(a, b);", "with recursive n(i) as (select 1 union all select i + 1 "
           "from n where i < 2000) insert into t select i, i * 7 from n;", ".read '|%s'" % paced(
               8, 100, "select sum(b) from t where a % 7 = $((i % 7));")),
]

SEVENTH_BATCH = SERVERS + CACHES + TEETH + LAYERS + THREADS + CPLUSPLUS + PYTHON + RUST + OTHERS


def trade(name, verdict, culprit=(), **more):
    return Case("trades", name, verdict, culprit, **more)


def craft(name, verdict, *culprit, **more):
    return Case("crafts", name, verdict, tuple("craft::" + name for name in culprit), **more)


SLOW = {"seconds": 30, "interval": "1s"}
TRADES = [
    trade("generic-list", LEAK, ("track_event",)),
    trade("generic-list", LEAK, ("track_event",), scale=0.5, **SLOW),
    trade("chat", WARM + STEADY, seconds=10),
    trade("chat", LEAK, ("say",), seconds=10, scale=1000),
    trade("rehashes", LEAK, ("table_insert",), seconds=12),
    trade("compiler", LEAK, ("declare",)),
    trade("compiler", LEAK, ("declare",), seconds=25, interval="500ms", scale=0.3),
    trade("from-half", LEAK, ("write_audit",), seconds=12),
    trade("from-half", LEAK, ("write_audit",), **SLOW),
    trade("until-half", WARM + STEADY, seconds=12),
    trade("until-half", WARM + STEADY, **SLOW),
    trade("by-cron", LEAK, ("write_audit",), seconds=12),
    trade("by-cron", LEAK, ("write_audit",), scale=4, seconds=40, interval="1s"),
    trade("undo", WARM + STEADY, seconds=10),
    trade("undo", WARM + STEADY, scale=4, **SLOW),
    trade("references", LEAK, ("object_create",)),
    trade("references", LEAK, ("object_create",), scale=8, **SLOW),
    trade("plugins", LEAK, ("geo_plugin",), seconds=6, interval="50ms"),
    trade("by-chance", STEADY + SAW, seconds=10),
    trade("by-chance", STEADY + SAW, scale=2, **SLOW),
    trade("s-curve", WARM + STEADY, seconds=12),
    trade("s-curve", WARM + STEADY, **SLOW),
    trade("warm-and-leak", LEAK, ("write_audit",), seconds=15),
    trade("large-and-calm", STEADY),
    trade("large-and-calm", STEADY, scale=2, **SLOW),
    trade("one-a-second", LEAK, ("note_reconnect",), seconds=20, interval="200ms", scale=4),
    trade("one-a-second", LEAK, ("note_reconnect",), seconds=40, interval="1s"),
    Case("workers", "thread-contexts", LEAK, ("init_context",)),
    Case("workers", "frames", STEADY + STORM),
    trade("multiplies", LEAK, ("try_again",), growth="exponential"),
    trade("multiplies", LEAK, ("try_again",), growth="exponential", **SLOW),
    Case("workers", "not-closed", LEAK, ("open_report",)),
    trade("two-hours", SAW, seconds=12),
    trade("two-hours", SAW, **SLOW),
]

CRAFTS = [
    craft("event-store", LEAK, "event_store", "EventStore::record"),
    craft("matrices", STORM, "multiply"),
    craft("tokens", STORM, "tokenize"),
    craft("seen-twice", SAW + STEADY, seconds=12),
    craft("seen-twice", SAW + STEADY, scale=6, **SLOW),
    craft("far-tasks", LEAK, "Scheduler::schedule"),
    craft("near-tasks", STEADY, seconds=10),
    craft("samples", LEAK, "record_sample"),
    craft("handlers", STEADY),
    craft("weak-listeners", STEADY),
    craft("documents", LEAK, "Index::add"),
    craft("object-pool", STEADY),
]

ODDS = [Case("odds.py", name, verdict) for name, verdict in (
    ("tasks-done", STEADY + LEAK), ("rows-in-memory", LEAK),
    ("rows-read", STEADY + STORM),
    ("words-counted", WARM + STEADY), ("words-still-come", LEAK),
    ("trees-parsed", STEADY + STORM + SAW), ("results-by-thread", LEAK), ("text-grows", LEAK))] + [
        Case("odds.py", "tasks-wait", LEAK, seconds=20),
        Case("odds.py", "log-in-batches", SAW + STEADY)]

LANGUAGES = [
    script("/usr/bin/lua5.4", "coroutines wait", LEAK, "-e", "kept = {} " + TICKS % (
        PACED, "local c = coroutine.create(function() coroutine.yield(line) end) "
        "coroutine.resume(c) kept[#kept + 1] = c")),
    script("/usr/bin/perl", "sorts", STEADY + STORM, "-MTime::HiRes=time", "-e",
           PERL_LOOP % "@l = sort { $a <=> $b } map { rand() } 1 .. 100;"),
]
EIGHTH_BATCH = TRADES + CRAFTS + ODDS + LANGUAGES

# Written after the mends for batches 7 and 8, labelled before its first run: one loop each.
NINTH_BATCH = [
    Case("toys", name, verdict, culprit, seconds=seconds, interval=interval)
    for name, verdict, culprit in (
        ("simple-leak", LEAK, ("leaky_function",)),
        ("leak-one-percent", LEAK, ("process_item",)),
        ("no-leak", STEADY, ()),
        ("vector-grows", LEAK, ("remember_number",)),
        ("map-grows", LEAK, ("insert_row",)),
        ("map-bounded", STEADY + WARM, ()),
        ("string-grows", LEAK, ("append_line",)),
        ("batch-work", SAW, ("batch_work",)),
        ("slow-batches", SAW, ("slow_batches",)),
        ("storm-full", STORM, ("churn",)),
        ("storm-paced", STORM, ("churn",)),
        ("queue-slow-consumer", LEAK, ("produce",)),
        ("queue-keeps-up", STEADY, ()),
        ("cache-warms-up", WARM + STEADY, ()),
        ("threads-pile-up", THREAD_LEAK, ("start_worker",)),
        ("starts-late", LEAK, ("keep_one",)),
        ("doubles", LEAK, ("leaky_function",)))
    for seconds, interval in ((7, "100ms"), (20, "1s"))]

# Time is dear: of what takes long the set has the ones that only a long run shows.
QUICK_S = 8
LONG = {("rare-session", 40), ("fills-to-bound", 25), ("batches", 40), ("batches", 20),
        ("levels", 40), ("not-joined", 30), ("one-a-second", 40), ("seen-twice", 30),
        ("two-hours", 12), ("rehashes", 12)}
for _case in SEVENTH_BATCH + EIGHTH_BATCH + NINTH_BATCH:
    _case.by_hand |= _case.seconds > QUICK_S and (_case.name, _case.seconds) not in LONG
