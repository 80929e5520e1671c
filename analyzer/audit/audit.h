/*
 * audit - the root cause: what is wrong with this process's memory, if anything
 *
 * The library behind `heapring audit`; the HTML report, serve and watch call the same.
 * A profile with its history goes in, and what lies around the process if known
 * (surroundings.h); a verdict comes out, with the words for it.
 *
 * Contract
 *   - audit_profile() wants a profile that was loaded with wants.details and
 *     wants.history; without either it still answers, with less confidence;
 *   - the answer depends on its arguments alone: no clock, no /proc, no file;
 *   - confidence is calibrated: of verdicts with confidence c a share of c is right
 *     (docs/audit.md); it is below 0.5 when the run is too short to tell;
 *   - all texts are one line each, without control characters;
 *   - findings are ordered by importance, the verdict's own cause first;
 *   - any input that segment_reader and history accept gives an answer.
 */
#ifndef ANALYZER_AUDIT_AUDIT_H
#define ANALYZER_AUDIT_AUDIT_H

#include <stdbool.h>
#include <stddef.h>

#include "analyzer/audit/audit_surroundings.h"
#include "analyzer/profile/profile.h"
#include "analyzer/symbols/symbols.h"

enum audit_verdict {
	AUDIT_STEADY,
	AUDIT_LEAK,
	AUDIT_STORM,
	AUDIT_SAWTOOTH,
	AUDIT_WARMING,
	AUDIT_FRAGMENTATION,
	AUDIT_THREAD_LEAK,
	AUDIT_VERDICTS
};

enum audit_growth {
	AUDIT_GROWTH_NONE,
	AUDIT_GROWTH_LINEAR,
	AUDIT_GROWTH_EXPONENTIAL,
	AUDIT_GROWTH_PLATEAU,
};

/* The names of anti-patterns; what is recognised is in audit_pattern.c. */
enum audit_pattern {
	AUDIT_PATTERN_NONE,
	AUDIT_UNBOUNDED_QUEUE,
	AUDIT_RETAINED_BUFFERS,
	AUDIT_RETRIES_PILING_UP,
	AUDIT_CACHE_WITHOUT_LIMIT,
	AUDIT_CONTAINER_ONLY_GROWS,
	AUDIT_TABLE_ONLY_GROWS,
	AUDIT_FORGOTTEN_BLOCKS,
	AUDIT_KEPT_TO_THE_END,
	AUDIT_READER_STOPPED,
	AUDIT_SOME_FORGOTTEN,
	AUDIT_LIBRARY_OBJECTS,
	AUDIT_SCRIPT_OBJECTS,
	AUDIT_GROWING_CONTAINER,
	AUDIT_COUNTED_REFERENCES,
	AUDIT_CAUSE_NOT_CLEAR,
	AUDIT_RUNAWAY_GROWTH,
	AUDIT_COPIES_ON_HOT_PATH,
	AUDIT_FORMATTING_IN_LOOP,
	AUDIT_MAP_PER_MESSAGE,
	AUDIT_TEMPORARY_OBJECTS,
	AUDIT_COMPILED_EACH_TIME,
	AUDIT_LOGGING_BURST,
	AUDIT_BATCH_FLUSH,
	AUDIT_THREAD_PER_MESSAGE,
	AUDIT_THREADS_NEVER_JOINED,
	AUDIT_MISSING_BATCH,
	AUDIT_MISSING_BACK_PRESSURE,
	AUDIT_HOLES_IN_HEAP,
	AUDIT_PATTERNS
};

#define AUDIT_NO_STACK SIZE_MAX
#define AUDIT_SLICES_FEW 24u /* with fewer and a confidence below ... */
#define AUDIT_GUESS 0.5      /* ... this it is too short to tell */

/* What one function does. */
struct audit_finding {
	enum audit_verdict verdict;
	enum audit_growth growth;
	enum audit_pattern pattern;
	double confidence;
	const char *function; /* the culprit, demangled; belongs to the symbols */
	const char *file;     /* NULL unknown */
	unsigned line;        /* of the call, 0 unknown */
	const char *module;
	size_t stack;             /* in profile->stacks: the one that matters most */
	double rate_bytes_per_s;  /* of live bytes */
	double allocs_per_s;      /* objects */
	double alloc_bytes_per_s; /* bytes */
	double live_bytes;        /* at the end */
	double temporary;         /* share of blocks that died within 16 ms */
	double freed;             /* share of blocks that died at all */
};

#define AUDIT_LINES_MAX 16u
#define AUDIT_LINE 400u

struct audit_lines {
	char line[AUDIT_LINES_MAX][AUDIT_LINE];
	unsigned count;
};

struct audit_step {
	const char *step; /* "heap trend", ... in the order of a person's check list */
	char finding[AUDIT_LINE];
	bool is_known; /* false: the finding says what would be needed */
};

#define AUDIT_STEPS 9u

struct audit {
	enum audit_verdict verdict;
	enum audit_growth growth;
	enum audit_pattern pattern;
	double confidence;
	bool too_short;          /* so few slices that the verdict is a guess */
	bool history_full;       /* a guess, since the ring had no room for more slices */
	bool has_site;           /* findings[0] is the culprit */
	double rate_bytes_per_s; /* growth of live bytes; < 0 falls */
	double all_bytes_per_s;  /* the same of all functions that grow */
	double threads_per_s;    /* that come and stay; thread leak only, else 0 */
	double threads_alive;    /* at the end; < 0: not known */
	/* What its threads run, thread leak only; NULL: not known. Belongs to the
	 * symbols. */
	const struct symbol *thread_routine;
	double eta_to_limit_s;             /* < 0: never, or not known */
	double doubling_s;                 /* exponential growth only, else 0 */
	double period_s;                   /* sawtooth only, else 0 */
	double window_from_s, window_to_s; /* what was looked at, since the start */
	size_t slices;                     /* points in it */
	struct audit_lines evidence, advice;
	struct audit_step steps[AUDIT_STEPS];
	struct audit_finding *findings; /* all that grow, too: limits are for their sum */
	size_t findings_count;
};

/* around: NULL when nothing is known. 0, or -ENOMEM and a fault. */
int audit_profile(const struct profile *profile, const struct symbols *symbols,
		  const struct audit_surroundings *around, struct audit **ret_audit,
		  struct fault *fault);
void audit_free(struct audit *audit);

const char *audit_verdict_name(enum audit_verdict verdict); /* "thread_leak" */
bool audit_verdict_parse(const char *name, enum audit_verdict *ret_verdict);
const char *audit_growth_name(enum audit_growth growth);    /* "linear" */
const char *audit_pattern_name(enum audit_pattern pattern); /* "unbounded queue" */

#endif
