/*
 * audit_pattern_words - names of the anti-patterns, what they are, what helps
 */
#include "analyzer/audit/audit_pattern.h"

static const struct {
	const char *name, *what, *remedy;
} patterns[AUDIT_PATTERNS] = {
	[AUDIT_PATTERN_NONE] = { "none", NULL, NULL },
	[AUDIT_UNBOUNDED_QUEUE] = { "unbounded queue",
				    "blocks wait in a queue that has no bound: more "
				    "comes than goes",
				    "Give the queue a capacity, and make who fills it "
				    "wait or drop when it is full; "
				    "then find out why its reader is slower." },
	[AUDIT_RETAINED_BUFFERS] = { "retained buffers",
				     "large buffers stay because something small in them "
				     "is still referred to",
				     "Copy out the few bytes that are kept and release "
				     "the buffer, or bound how "
				     "long it may be held." },
	[AUDIT_RETRIES_PILING_UP] = { "retries piling up",
				      "what failed is kept to be tried again, and never "
				      "given up",
				      "Bound attempts and age of an entry, back off, and "
				      "move what is given up to a "
				      "dead-letter queue." },
	[AUDIT_CACHE_WITHOUT_LIMIT] = { "cache without a limit",
					"entries go in and hardly any comes out: a cache "
					"without a limit is a leak",
					"Bound it by size or age and evict the least "
					"recently used." },
	[AUDIT_CONTAINER_ONLY_GROWS] = { "container that only grows",
					 "one block is made larger again and again for "
					 "what "
					 "is put in, and nothing is taken out",
					 "Take out what is done with, bound how much may "
					 "be "
					 "in it, or write it off in pieces." },
	[AUDIT_TABLE_ONLY_GROWS] = { "table that only grows",
				     "one larger block of the same function stays beside "
				     "them, likely the table or list that they are in: "
				     "much is put in, and hardly any taken out",
				     "Take out what is done with; what is kept only to "
				     "be "
				     "found sooner needs a bound by size or age." },
	[AUDIT_FORGOTTEN_BLOCKS] = { "forgotten blocks",
				     "blocks are allocated again and again, and stay: "
				     "nobody frees them, or what holds them only grows",
				     "Follow the pointer from this stack: if it is lost, "
				     "the free is missing on some path, most often an "
				     "error path or an early return; if something has "
				     "it, bound that." },
	[AUDIT_KEPT_TO_THE_END] = { "kept until the end",
				    "none is freed while the program runs, and all are "
				    "as it ends: something holds them, and only grows",
				    "Find what they are freed from at the end, and take "
				    "out what is done with, or bound how much may be in "
				    "it." },
	[AUDIT_READER_STOPPED] = { "their reader stopped",
				   "these blocks were given back as they came, and at "
				   "some moment that ended: who took them out has "
				   "stopped or hangs",
				   "See what the thread does that used to free them, "
				   "and bound what may wait for it." },
	[AUDIT_SOME_FORGOTTEN] = { "some blocks forgotten",
				   "most of these blocks are freed as soon as they are "
				   "done with, and some never",
				   "Look at every way out of this function and of its "
				   "callers: an error, an early return, a rare branch on "
				   "which the free is missing." },
	[AUDIT_LIBRARY_OBJECTS] = { "a library's objects not given back", NULL, NULL },
	[AUDIT_SCRIPT_OBJECTS] = { "a script's objects", NULL, NULL },
	[AUDIT_GROWING_CONTAINER] = { "queue or container that grows", NULL, NULL },
	[AUDIT_COUNTED_REFERENCES] = { "kept by a reference count", NULL, NULL },
	[AUDIT_CAUSE_NOT_CLEAR] = { "cause not clear",
				    "some of these blocks are freed, late, and more and "
				    "more are not: they wait longer and longer (a queue, "
				    "a slow reader), or a part of them is forgotten. The "
				    "figures do not tell which",
				    "See who holds the oldest of them: if it is a queue "
				    "or a table, bound it; if nobody does, the free is "
				    "missing on one path." },
	[AUDIT_RUNAWAY_GROWTH] = { "runaway growth",
				   "each round makes more than the one before: something "
				   "feeds itself",
				   "Look for work that creates work (a retry that is "
				   "sent twice, an event that "
				   "raises events) and bound it." },
	[AUDIT_COPIES_ON_HOT_PATH] = { "copies on the hot path",
				       "the same bytes are allocated and copied several "
				       "times and thrown away",
				       "Pass a view (pointer and length) from stage to "
				       "stage and copy once at most, "
				       "where the data must outlive its buffer." },
	[AUDIT_FORMATTING_IN_LOOP] = { "formatting in a loop",
				       "text is formatted into a new block each time and "
				       "thrown away",
				       "Check the log level before formatting, and "
				       "format into a buffer that is "
				       "reused." },
	[AUDIT_MAP_PER_MESSAGE] = { "a map per message",
				    "a map is built for each message and thrown away "
				    "with all its nodes",
				    "Decode into a struct whose fields are known, or "
				    "keep one map and clear it." },
	[AUDIT_TEMPORARY_OBJECTS] = { "temporary objects",
				      "blocks are freed as soon as they were made, over "
				      "and over",
				      "Reuse one buffer for each thread, or put it on "
				      "the stack; what becomes longer piece by piece "
				      "wants its room at once." },
	[AUDIT_COMPILED_EACH_TIME] = { "compiled each time",
				       "a pattern is compiled for each use and thrown "
				       "away",
				       "Compile it once, and keep it." },
	[AUDIT_LOGGING_BURST] = { "logging burst",
				  "lines pile up for a slow writer and go all at once",
				  "Bound the lines that may wait, and drop or sample "
				  "beyond; the limit of the "
				  "process must hold the peak, not the mean." },
	[AUDIT_BATCH_FLUSH] = { "filled and flushed",
				"memory is gathered and given back at once, again and "
				"again",
				"If the peak is too high, flush sooner or bound the "
				"batch in bytes." },
	[AUDIT_THREAD_PER_MESSAGE] = { "thread per message",
				       "a thread is created for each piece of work",
				       "Use a pool of threads with a bounded queue." },
	[AUDIT_THREADS_NEVER_JOINED] = { "threads that never end", NULL, NULL },
	[AUDIT_MISSING_BATCH] = { "missing batch",
				  "a library pays its fixed cost for each single item",
				  "Group items: one transaction, statement or request "
				  "for many of them." },
	[AUDIT_MISSING_BACK_PRESSURE] = { "missing back-pressure",
					  "input is taken in faster than it is worked "
					  "off, and waits in memory",
					  "Stop reading while the stages behind are "
					  "full: bound what is in flight, in "
					  "messages and in bytes." },
	[AUDIT_HOLES_IN_HEAP] = { "holes in the heap",
				  "freed memory lies between blocks that live, so the "
				  "kernel cannot have it back",
				  "See who keeps pages with the fewest bytes, allocate "
				  "what lives long apart "
				  "from what does not, or try malloc_trim() or another "
				  "allocator." },
};

const char *audit_pattern_name(enum audit_pattern pattern)
{
	return patterns[pattern].name;
}

const char *audit_pattern_what(enum audit_pattern pattern)
{
	return patterns[pattern].what;
}

const char *audit_pattern_remedy(enum audit_pattern pattern)
{
	return patterns[pattern].remedy;
}
