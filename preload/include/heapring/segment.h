/*
 * segment - the layout of a process's shared-memory segment and of dump files
 *
 * Why it exists: the shim counts inside the target, the analyzer reads from
 * outside, during the run or after the process was killed. This layout is all
 * that the two know of each other. A dump is a copy of the used pages.
 *
 * Shape. A segment is an array of 4 KiB pages. Page 0 is the header. Pages
 * 1 .. map_pages hold the page map: one 8-byte entry for every page the budget
 * allows, entry i describing page i. Every other page belongs to one table,
 * and the entry says which (type), for which thread (owner), and which part of
 * the table it is (index). Tables grow page by page and never shrink or move:
 *
 *   nodes     the calling-context tree; node id / HR_NODES_PER_PAGE = index
 *   sites     call stacks that allocate; site id / HR_SITES_PER_PAGE = index
 *   modules   mapped objects, with history; record no / HR_MODULES_PER_PAGE
 *   threads   one record per thread slot; slot / HR_THREADS_PER_PAGE
 *   counters  the counters of one thread slot (owner) for the sites
 *             index * HR_COUNTERS_PER_PAGE and following
 *   history   the history ring's state: one page
 *   log       the ring's slices; page n of level l has index n * HR_LEVELS + l
 *   values    what the ring's newest records left each site with
 *   marks     names that the program set at some moment
 *   tags      names that the program put around what it allocated; tag number /
 *             HR_TAGS_PER_PAGE
 *   starts    stacks that created threads
 *   snapshots and snapshot: see segment_snapshot.h
 *
 * Pages past pages_used, and entries with type 0, hold nothing. No two settled
 * pages have the same type, owner and index.
 *
 * Writers. Threads of the target only, except the fields marked
 * "reader writes". Every counter has one writing thread at a time, so it is
 * updated without a locked instruction; a slot passes to another thread only
 * after its owner was seen dead.
 *
 * Memory order, by name
 *   S1  page map entry: stored with release after the page was zeroed and, for
 *       counters, before the first count  ->  reader loads it with acquire.
 *   S2  node, site, module: the record is complete before its id is published
 *       (release) in the shim's private index; a reader that finds an id in
 *       another record finds that record complete. A record whose `ready` is 0
 *       is still being written and is skipped.
 *   S3  frees and free_bytes are stored with release; a reader loads *all*
 *       frees of all threads (acquire) before any allocs, so that a free is
 *       never seen without its allocation and live >= 0.
 *   Everything else is a statistic that orders nothing: relaxed.
 *
 * Hostile input: a reader copies first, then checks every bound; nothing here
 * may be trusted because it has the right magic.
 *
 * All integers are little-endian. Times are CLOCK_REALTIME or CLOCK_MONOTONIC
 * nanoseconds as named. A change of layout changes HEAPRING_VERSION.
 */
#ifndef HEAPRING_SEGMENT_H
#define HEAPRING_SEGMENT_H

#include <stdint.h>

#include <heapring/segment_history.h>
#include <heapring/segment_snapshot.h>

#define HEAPRING_MAGIC 0x474e495250414548ull /* "HEAPRING" */
#define HEAPRING_VERSION 2u
#define HEAPRING_DIR "/dev/shm"
#define HEAPRING_PREFIX "heapring." /* file name: heapring.<pid>.<start_unix_ns> */

#define HR_PAGE 4096u
#define HR_NODES_PER_PAGE 128u
#define HR_SITES_PER_PAGE 128u
#define HR_COUNTERS_PER_PAGE 32u
#define HR_THREADS_PER_PAGE 16u
#define HR_MODULES_PER_PAGE 8u
#define HR_MARKS_PER_PAGE 32u
#define HR_TAGS_PER_PAGE 64u
#define HR_STARTS_PER_PAGE 64u
#define HR_STARTS_MAX 512u

#define HR_SITE_BITS 23u /* what the shim's live table has room for */
#define HR_SITE_MAX ((1u << HR_SITE_BITS) - 1u)
#define HR_THREADS_MAX 4096u
#define HR_LIFETIMES 8u
#define HR_SIZES 8u

enum heapring_page_type {
	HR_PAGE_NONE = 0,
	HR_PAGE_HEADER = 1,
	HR_PAGE_MAP = 2,
	HR_PAGE_NODES = 3,
	HR_PAGE_SITES = 4,
	HR_PAGE_MODULES = 5,
	HR_PAGE_THREADS = 6,
	HR_PAGE_COUNTERS = 7,
	HR_PAGE_HISTORY = 8,
	HR_PAGE_LOG = 9,
	HR_PAGE_VALUES = 10,
	HR_PAGE_MARKS = 11,
	HR_PAGE_TAGS = 12,
	HR_PAGE_STARTS = 13,
	HR_PAGE_SNAPSHOTS = 14,
	HR_PAGE_SNAPSHOT = 15,
	/* set in type while threads race to make one part of a table: a page stays a
	 * candidate when another one won. A reader takes a candidate only where no
	 * settled page has its place (the target was killed in that instant). */
	HR_PAGE_CANDIDATE = 0x8000,
};

/* One entry of the page map; written whole, once (S1). */
struct heapring_page {
	uint16_t type;  /* enum heapring_page_type */
	uint16_t owner; /* counters: thread slot; snapshot: its number; else 0 */
	uint32_t index; /* which part of its table */
};

/*
 * How a walk up the stack ended. The reasons other than HR_END_COMPLETE are
 * pseudo nodes: node id == reason, parent 0, pc 0. A complete stack hangs
 * directly under HR_NODE_ROOT, an incomplete one under its reason's node.
 */
enum heapring_end {
	HR_NODE_ROOT = 0,     /* parent of all; also "no node" */
	HR_END_COMPLETE = 1,  /* reached _start, a thread's start, or CFI that says so */
	HR_END_DEPTH = 2,     /* HEAPRING_DEPTH frames: shown as [truncated] */
	HR_END_NO_MODULE = 3, /* return address in no mapped object (JIT code) */
	HR_END_NO_CFI = 4,    /* the object has no unwind row for this address */
	HR_END_BAD_FRAME = 5, /* the frame address did not grow: damaged stack */
	HR_END_OFF_STACK = 6, /* the next frame lies outside the known stack */
	HR_END_UNSUPPORTED = 7, /* an unwind rule this build cannot evaluate */
	HR_END_OVERFLOW = 8,    /* budget used up: site HR_SITE_OVERFLOW hangs here */
	HR_NODE_FIRST = 16,     /* first id of a real frame */
};

/*
 * One frame of the calling-context tree. Written by the thread that met the
 * frame first; constant afterwards, except site.
 */
struct heapring_node {
	uint64_t pc;     /* return address as seen by the target (look up pc - 1) */
	uint32_t parent; /* caller's node; HR_NODE_ROOT or a reason at the outer end */
	uint32_t site;   /* newest site of this stack, 0 if it only leads to others */
	uint16_t module; /* record in the modules table + 1; 0 unknown */
	uint16_t depth;  /* frames from the outer end; 1 next to the root */
	uint32_t ready;  /* 1 when complete (S2) */
	uint64_t reserved;
};

/*
 * A node whose pc has this bit set is no frame but a tag, outermost on its stacks (under
 * the root or a reason); the rest of its pc is the tag's number. Number 0 is what tags
 * past HR_TAGS_MAX share.
 */
#define HR_TAG_PC (1ull << 63)
#define HR_TAGS_MAX 1023u
#define HR_TAG_NAME 48u

struct heapring_tag {
	uint32_t ready; /* 1 when complete (S2) */
	uint32_t reserved[3];
	char name[HR_TAG_NAME]; /* NUL-terminated, cut if too long */
};

#define HR_SITE_NONE 0u
#define HR_SITE_OVERFLOW 1u /* [overflow]: stacks met after the budget was used up */
#define HR_SITE_FIRST 2u

/*
 * A stack that allocates, at one sampling rate: a stack gets another site when
 * the rate changes, so that a block remembers its weight through its site.
 * A reader adds up the sites of one node and kind.
 */
struct heapring_site {
	uint32_t node;     /* innermost frame: the caller of the allocator */
	uint32_t ready;    /* 1 when complete (S2) */
	uint64_t rate;     /* mean bytes between samples; 1 = exact */
	uint64_t first_ns; /* CLOCK_MONOTONIC of the first allocation */
	uint32_t kind;     /* enum heapring_site_kind */
	uint32_t other;    /* an older site of the same node, 0 none */
};

enum heapring_site_kind {
	HR_KIND_BLOCKS = 0,   /* what the allocator handed out: the heap's totals */
	HR_KIND_MAPPINGS = 1, /* what mmap() did, in whole pages; always exact. Bytes are
			       * freed page by page, an object with its last page */
};

/*
 * What one thread did at one site. Monotonic but for the peak fields.
 * At an exact site (rate 1) objects and bytes are plain counts. At a sampled
 * site objects are weighted and in units of 1/HR_OBJECT_UNIT, bytes are weighted.
 */
#define HR_OBJECT_UNIT 65536u

struct heapring_counter {
	uint64_t allocs;      /* objects allocated by this thread */
	uint64_t alloc_bytes; /* bytes asked for */
	uint64_t frees;       /* objects freed by this thread, whoever allocated (S3) */
	uint64_t free_bytes;  /* (S3) */
	int64_t peak_bytes;   /* alloc_bytes - free_bytes when peak peak_id began */
	int64_t peak_objects; /* allocs - frees, likewise */
	uint32_t peak_id;     /* the peak that the two above belong to; older than the
			       * header's: not touched since, use the counts */
	uint32_t samples;     /* raw allocations recorded, when sampled */
	uint64_t reserved;
	uint32_t lifetime[HR_LIFETIMES]; /* frees by age of the block, see below */
	union {
		uint32_t size[HR_SIZES]; /* exact: allocations by size, see below */
		struct { /* sampled: sums over samples of size Z, weight w */
			double alloc_bytes_var;   /* w (w-1) Z^2 */
			double free_bytes_var;    /* same, of those freed */
			double alloc_objects_var; /* w (w-1) */
			double free_objects_var;
		} sampled;
	};
};

/*
 * lifetime[i] counts ages below HR_LIFETIME_MS(i) and not below the one before:
 * 16 ms, 256 ms, 4.1 s, 66 s, 17 min, 4.7 h, 3.1 days; the last counts all above.
 * The clock is coarse (a few milliseconds). Blocks of 16 bytes or less may have
 * no birth under allocators other than glibc's; they are not counted here.
 * size[i] counts requests below HR_SIZE_BYTES(i) and not below the one before:
 * 16, 64, 256, 1 Ki, 4 Ki, 16 Ki, 64 Ki; the last counts all above.
 */
#define HR_LIFETIME_MS(i) (16ull << (4u * (i)))
#define HR_SIZE_BYTES(i) (16ull << (2u * (i)))

/* One thread slot. Written by the thread that owns the slot, 256 bytes apart. */
struct heapring_thread {
	uint32_t used;         /* 1 once any thread owned it; 0: never */
	uint32_t tid;          /* owner now or last */
	char name[16];         /* owner's name when it took the slot, NUL-terminated */
	uint64_t owners;       /* threads that have owned it, one after the other */
	uint64_t dropped;      /* allocations not counted: an internal limit */
	uint64_t bypassed;     /* allocations made inside the shim or in a signal there */
	uint64_t missed_frees; /* allocations found where a block still lived */
	uint64_t untracked_frees; /* frees of blocks that were never counted */
	uint64_t inherited_frees; /* frees of blocks allocated before fork */
	uint64_t inherited_bytes;

	uint64_t walks; /* allocations whose stack was not the one before */
	uint64_t steps; /* frames stepped over in them */
	uint64_t start; /* owner's record in the starts table + 1; 0 unknown */
	uint64_t reserved[19];
};

/* A stack that called pthread_create. Relaxed; node 0: a free record. */
struct heapring_start {
	uint32_t node;
	uint32_t reserved;
	uint64_t created;
	uint64_t ended;    /* returned, left with pthread_exit, or were cancelled */
	uint64_t first_ns; /* CLOCK_MONOTONIC of the first one ... */
	uint64_t last_ns;  /* ... and of the last */
	uint64_t routine;  /* where the last one was to begin */
	uint64_t reserved1[2];
};

#define HR_MODULE_PATH 432u

/* A mapped object. Never removed: an unloaded one gets gen_last. */
struct heapring_module {
	uint64_t start;     /* lowest mapped address */
	uint64_t end;       /* one past the highest */
	uint64_t bias;      /* address in memory - address in the file's headers */
	uint32_t gen_first; /* generation that first saw it */
	uint32_t gen_last;  /* last that saw it, 0 while mapped */
	uint32_t ready;     /* 1 when complete (S2) */
	uint16_t flags;     /* HR_MODULE_* */
	uint8_t build_id_len;
	uint8_t reserved0;
	uint8_t build_id[32];
	uint64_t reserved1;
	char path[HR_MODULE_PATH]; /* NUL-terminated; the tail if too long */
};
#define HR_MODULE_MAIN 1u      /* the program itself */
#define HR_MODULE_SHIM 2u      /* libheapring.so: its frames are not shown */
#define HR_MODULE_ALLOCATOR 4u /* defines the malloc that the shim forwards to */
#define HR_MODULE_PATH_CUT 8u  /* path did not fit */
#define HR_MODULE_LIBC 16u

#define HR_MARK_NAME 80u

/* A name that was set with heapring_mark(); the table holds HR_MARKS_PER_PAGE. */
struct heapring_mark {
	uint32_t ready;    /* 1 when name and first_ns are complete (S2) */
	uint32_t claimed;  /* the shim's own */
	uint64_t count;    /* how often it was set */
	uint64_t first_ns; /* CLOCK_MONOTONIC */
	uint64_t last_ns;
	uint64_t reserved1[2];
	char name[HR_MARK_NAME]; /* NUL-terminated, cut if too long */
};

enum heapring_state {
	HR_STATE_STARTING = 0,
	HR_STATE_RUNNING =
		1, /* if no such process maps the file: killed or replaced by exec */
	HR_STATE_EXITED = 2,   /* exit, _exit, quick_exit: exit_code holds */
	HR_STATE_EXECED = 3,   /* the process image was replaced */
	HR_STATE_SIGNALED = 4, /* reader writes (heapring run saw how it ended) */
};

enum heapring_mode {
	HR_MODE_EXACT = 0,
	HR_MODE_SAMPLED = 1,
	HR_MODE_DORMANT = 2,
};

/* Worth asking what is resident: so many bytes less are live than were. */
#define HR_RESIDENT_WORTH (8 << 20)

#define HR_EXE 512u
#define HR_COMMAND 1024u

/* Page 0. */
struct heapring_header {
	uint64_t magic;
	uint32_t version;
	uint32_t header_bytes; /* sizeof(struct heapring_header) */
	uint32_t page_bytes;   /* HR_PAGE */
	uint32_t pages_max;    /* what the budget allows */
	uint32_t map_pages;    /* pages 1 .. map_pages are the page map */
	uint32_t pages_used;   /* pages handed out, header and map included; may pass
				* pages_max when the budget is used up */

	/* identity: written once, before state becomes RUNNING */
	uint32_t pid; /* in the target's own PID namespace */
	uint32_t ppid;
	uint32_t uid;
	uint32_t kind;          /* 0 live segment, 1 dump */
	uint64_t start_unix_ns; /* when this image began to be profiled */
	uint64_t start_mono_ns; /* the same instant, CLOCK_MONOTONIC */
	uint64_t start_ticks;   /* field 22 of /proc/self/stat: pid reuse check */
	uint64_t interval_ns;   /* time slice of the history ring */
	uint64_t budget_bytes;
	uint32_t depth_max;      /* HEAPRING_DEPTH */
	uint32_t tick_hz;        /* sysconf(_SC_CLK_TCK) */
	uint32_t inherited_site; /* fork child: sites below this one are the parent's */
	uint32_t parent_pid;     /* fork child: whose blocks it inherited, 0 if none */
	uint64_t parent_start_unix_ns; /* names the parent's segment */
	uint64_t inherited_objects;    /* live in the parent at the fork */
	uint64_t inherited_bytes;

	/* state */
	uint32_t state;       /* enum heapring_state */
	uint32_t mode;        /* enum heapring_mode */
	uint64_t rate;        /* bytes, 1 when exact */
	uint32_t wanted_mode; /* reader writes: asks for another mode ... */
	uint32_t wanted_seq;  /* reader writes: ... by changing this, last */
	uint64_t wanted_rate; /* reader writes */
	int32_t exit_code;
	int32_t exit_signal;
	uint64_t end_unix_ns;  /* exit, or when a dump was taken */
	uint32_t module_gen;   /* present module generation, starts at 1 */
	uint32_t grow_stopped; /* 1 budget (its last page), 2 no space in the file system,
				  3 sandbox */

	/* totals that have no single owner; relaxed atomic adds, off the fast path */
	int64_t live_bytes; /* of all threads, behind by what each holds back (peak_error)
			     */
	int64_t peak_bytes; /* highest seen; exact with one thread. A reader takes the
			     * greater of this and the live bytes that it counts */
	uint64_t peak_error; /* a thread holds back at most this many bytes */
	uint64_t peak_next;  /* live bytes at which the next peak (peak_id) begins */
	uint64_t peak_mono_ns;
	uint32_t peak_id;      /* number of the present peak, 0 before the first */
	uint32_t threads_used; /* thread slots handed out */
	uint32_t nodes_used;   /* ids handed out, HR_NODE_FIRST included */
	uint32_t sites_used;
	uint32_t modules_used;
	uint32_t mappings;        /* 1: mappings are recorded (HEAPRING_MMAP) */
	uint64_t live_table;      /* address in the target of its live table, 0 none */
	uint64_t live_table_odd;  /* likewise, for blocks at 8 mod 16 */
	uint64_t overflow_allocs; /* allocations counted under [overflow] */
	uint64_t reserved3;
	uint64_t history_bytes; /* the ring's slices take at most so much; 0: no ring */
	uint64_t active_ns;     /* CLOCK_MONOTONIC of the last allocator event, to within
				 * some events and milliseconds */
	uint64_t marks_dropped; /* calls of heapring_mark() with one name too many */
	uint32_t unprofiled_children; /* of its fork children, those that could not be
				     profiled */
	uint32_t reserved1;
	char preceding[64];     /* object whose malloc comes before the shim's, or "" */
	uint64_t dropped;       /* allocations by threads that found no slot */
	uint64_t private_table; /* address in the target of its table in live_memory.h */
	uint64_t ranges_table;  /* likewise; 0: mappings are not recorded */
	uint32_t trim_offer, wanted_trim; /* enum heapring_trim; reader writes: asks */
	uint32_t trim_taken;              /* the wanted_trim that a thread took on ... */
	uint32_t trim_done;               /* ... and the one that was answered (T1) */
	uint64_t trim_ns;                 /* how long that took; UINT64_MAX: refused */
	uint32_t figures_offer;           /* enum heapring_figures */
	uint32_t wanted_figures;          /* reader writes: asks, as with wanted_trim */
	uint32_t figures_taken, figures_done; /* T1 as well, for figures[] */
	uint64_t figures[6];     /* by enum heapring_figure; UINT64_MAX: not told */
	uint64_t resident_bytes; /* of the heap's kind, at exit or when a dump was taken,
				  * where much less is live than was; 0: not told */
	uint64_t reserved[2];
	uint64_t symbols_offset; /* dump, reader writes: packed symbols, see
				  * docs/format.md; past all pages */
	uint64_t symbols_bytes;  /* 0: none */

	char allocator[64]; /* file name of the object whose malloc is forwarded to */
	char exe[HR_EXE];   /* NUL-terminated, "" unknown */
	char command[HR_COMMAND]; /* arguments, each NUL-terminated, cut at the size */
	uint32_t command_len;
	uint32_t reserved2;
};

_Static_assert(sizeof(struct heapring_page) == 8, "page map entry");
_Static_assert(sizeof(struct heapring_node) * HR_NODES_PER_PAGE == HR_PAGE, "nodes");
_Static_assert(sizeof(struct heapring_site) * HR_SITES_PER_PAGE == HR_PAGE, "sites");
_Static_assert(sizeof(struct heapring_counter) * HR_COUNTERS_PER_PAGE == HR_PAGE,
	       "two cache lines a counter");
_Static_assert(sizeof(struct heapring_thread) * HR_THREADS_PER_PAGE == HR_PAGE,
	       "threads");
_Static_assert(sizeof(struct heapring_module) * HR_MODULES_PER_PAGE == HR_PAGE,
	       "modules");
_Static_assert(sizeof(struct heapring_header) <= HR_PAGE, "header is one page");
_Static_assert(sizeof(struct heapring_slice) == HR_SLICE_BYTES, "slice");
_Static_assert(sizeof(struct heapring_values_page) == HR_PAGE, "values");
_Static_assert(sizeof(struct heapring_start) * HR_STARTS_PER_PAGE == HR_PAGE, "starts");
_Static_assert(sizeof(struct heapring_tag) * HR_TAGS_PER_PAGE == HR_PAGE, "tags");
_Static_assert(sizeof(struct heapring_mark) * HR_MARKS_PER_PAGE == HR_PAGE, "marks");
_Static_assert(sizeof(struct heapring_history) <= HR_PAGE, "history is one page");

#endif
