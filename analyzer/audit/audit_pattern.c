/*
 * audit_pattern - the anti-pattern behind a verdict
 *
 * Figures first. Blocks of a queue die, but later and later; those of a cache or of
 * a leak do not, and where most die young and some never, a path forgets them. A retained
 * buffer is large and few, a queued message small and many. A
 * map is several blocks of different sizes each time, a copy the same size again. Words
 * in names of functions and files then tell a retry list from a cache. What a library
 * gave out is told by the call that made it, whatever the rest looks like, and what an
 * interpreter's own functions keep is its script's. Where all that says nothing, another
 * stack may: a container that grows at the same time, or a reference count.
 */
#include "analyzer/audit/audit_pattern.h"

#include <math.h>
#include <string.h>

#include "analyzer/audit/audit_interpreter.h"
#include "analyzer/audit/audit_keeper.h"
#include "analyzer/audit/audit_lives.h"
#include "analyzer/audit/audit_mentions.h"
#include "analyzer/audit/audit_name_words.h"
#include "analyzer/audit/audit_release.h"
#include "analyzer/audit/audit_stack_text.h"

#define BUFFER_BYTES 4096.0 /* mean size of what is kept: a buffer, not a message */
#define SAME_SHARE 0.1      /* counts of stacks that belong together differ by less */
#define TABLE_ALLOCS_MAX 64.0
#define TABLE_LIVE_MIN 0.5
#define TABLE_LIVE_MAX 2.0 /* the old one while it is copied */
#define DATA_BYTES 64.0    /* smaller blocks are objects, whatever is as large as they */
#define CALLS_KEPT 32u

#define WORDS_RETRY "retry|retries|attempt|backoff|resend|redeliver|redelivery|*requeue"
#define WORDS_QUEUE "*queue|backlog|pending|inbox|mailbox|fifo"
#define WORDS_CACHE                                                                      \
	"*cache|caching|memo|memoize|memoise|remember|intern|lookup|index|registry"
#define WORDS_STORE                                                                      \
	"*cache|caching|lru|memo|memoize|memoise|intern|pool|ring|ringbuffer|window|"    \
	"recent"
#define WORDS_MISS                                                                       \
	"fetch|load|lookup|look|find|resolve|learn|render|compile|decode|warm|fill|"     \
	"miss|page|tile|glyph|texture|compute|get"
#define WORDS_MAP                                                                        \
	"map|hashmap|treemap|dict|hash|table|hashtable|tree|rbtree|insert|emplace|put"
#define WORDS_MAP_TYPE "map|multimap|set|multiset|hashtable"
#define WORDS_REGEX "*regex|*regexp|regcomp|pcre"
#define WORDS_INPUT "poll|fetch|recv|receive|consume|*kafka|*socket"
#define WORDS_BUFFER "*buf|*buffer|fetch|slab|payload|frame|packet|arena|pool"
#define WORDS_FORMAT                                                                     \
	"*printf|format|formatted|fmt|strftime|std::to_string|ostream|"                  \
	"*stringstream|stringbuf|tostring|*itoa"
#define WORDS_COPY "copy|copies|dup|*clone|*strdup|*memdup|duplicate|serialize"
#define WORDS_LOG "log|logger|logging|*syslog|trace|line|audit|journal"
#define MESSAGES_A_BUFFER 20.0 /* small objects that grow with one large */

/* One large block besides many small ones: buckets, which double now and then. */
static bool has_table(const struct audit_facts *facts,
		      const struct audit_function *function)
{
	double least = INFINITY, most = 0;
	bool few = false;

	for (size_t i = 0; i < facts->profile->stacks_count; i++) {
		const struct audit_stack *stack = &facts->stacks[i];
		double size = stack->allocs > 0 ? stack->alloc_bytes / stack->allocs : 0;

		if (&facts->functions[stack->function] != function || size <= 0)
			continue;
		least = fmin(least, size);
		if (size < most)
			continue;
		/* of equal ones none may be many: a first object is no table */
		few = (few || size > most) && stack->allocs <= TABLE_ALLOCS_MAX &&
		      stack->live_objects >= TABLE_LIVE_MIN &&
		      stack->live_objects <= TABLE_LIVE_MAX;
		most = size;
	}
	return few && most > 8 * least;
}

static bool is_alike(double a, double b)
{
	return fabs(a - b) <= SAME_SHARE * fmax(a, b);
}

/* A function that calls itself has one call on many stacks. */
static bool is_new_call(const struct symbol **calls, unsigned *count,
			const struct symbol *call)
{
	for (unsigned i = 0; i < *count; i++)
		if (calls[i] == call)
			return false;
	if (*count < CALLS_KEPT)
		calls[(*count)++] = call;
	return true;
}

/* Calls in the function that allocate as often as its first: *ret_same as many bytes. */
static unsigned together(const struct audit_facts *facts,
			 const struct audit_function *function, unsigned *ret_same)
{
	const struct audit_stack *first = &facts->stacks[function->largest_stack];
	const struct symbol *calls[CALLS_KEPT];
	unsigned often = 0;

	*ret_same = 0;
	for (size_t i = 0; i < facts->profile->stacks_count; i++) {
		const struct audit_stack *stack = &facts->stacks[i];

		if (&facts->functions[stack->function] != function ||
		    !is_alike(stack->allocs, first->allocs) ||
		    !is_new_call(calls, &often,
				 audit_stack_call(facts->profile, facts->symbols, i,
						  function->symbol)))
			continue;
		*ret_same += is_alike(stack->alloc_bytes, first->alloc_bytes);
	}
	return often;
}

static double objects_grown(const struct audit_facts *facts,
			    const struct audit_function *function)
{
	const double *objects = function->series[PROFILE_INUSE_OBJECTS];

	return fmax(1, objects[facts->window.count - 1] - objects[0]);
}

/* Buffers that wait with many small objects each are a queue of messages. */
static bool messages_wait(const struct audit_facts *facts,
			  const struct audit_function *buffers)
{
	double others = 0;

	for (size_t i = 0; i < facts->functions_count; i++)
		if (facts->functions[i].grows && &facts->functions[i] != buffers)
			others += objects_grown(facts, &facts->functions[i]);
	return others > MESSAGES_A_BUFFER * objects_grown(facts, buffers);
}

/* No name helps: what the lives of its blocks say. */
static enum audit_pattern pattern_of_lives(enum audit_lives lives)
{
	static const enum audit_pattern patterns[] = {
		[AUDIT_LIVES_STAY] = AUDIT_FORGOTTEN_BLOCKS,
		[AUDIT_LIVES_END] = AUDIT_KEPT_TO_THE_END,
		[AUDIT_LIVES_FORGET] = AUDIT_SOME_FORGOTTEN,
		[AUDIT_LIVES_STOP] = AUDIT_READER_STOPPED,
		[AUDIT_LIVES_UNCLEAR] = AUDIT_CAUSE_NOT_CLEAR,
	};

	return patterns[lives];
}

/* By names that the figures allow: what waits in a queue, or comes in too fast. */
static enum audit_pattern pattern_of_waiting(const struct audit_facts *facts,
					     const struct audit_function *function,
					     size_t stack, double size, double freed)
{
	if (audit_stack_mentions(facts, stack, WORDS_QUEUE))
		return AUDIT_UNBOUNDED_QUEUE;
	if (audit_stack_mentions(facts, stack, WORDS_INPUT) &&
	    (size < BUFFER_BYTES || freed >= AUDIT_LIVES_FREED_MIN))
		return size >= BUFFER_BYTES && !messages_wait(facts, function)
			       ? AUDIT_RETAINED_BUFFERS
			       : AUDIT_MISSING_BACK_PRESSURE;
	return AUDIT_PATTERN_NONE;
}

/*
 * What waits dies late: where most die young, those that live are not waiting, whatever
 * they are called. That is said of the program's own blocks only, since one function of a
 * library serves many.
 */
static enum audit_pattern pattern_of_keeping(const struct audit_facts *facts,
					     const struct audit_function *function,
					     size_t stack)
{
	const struct audit_stack *it = &facts->stacks[stack];
	double size = it->live_objects > 0 ? it->live_bytes / it->live_objects : 0;
	double freed = it->allocs > 0 ? it->frees / it->allocs : 0;
	enum audit_lives lives = audit_lives_of(facts, stack);
	bool one_block = it->live_objects < 2; /* grows by realloc */
	bool some_forgotten = function->is_direct && lives == AUDIT_LIVES_FORGET;
	enum audit_pattern waiting =
		pattern_of_waiting(facts, function, stack, size, freed);

	if (waiting != AUDIT_PATTERN_NONE && !some_forgotten && !one_block)
		return waiting;
	if (size >= BUFFER_BYTES && !one_block && !some_forgotten &&
	    audit_stack_mentions(facts, stack, WORDS_BUFFER))
		return AUDIT_RETAINED_BUFFERS;
	if (freed < AUDIT_LIVES_FREED_MIN &&
	    audit_keeper_mentions(facts, function, stack, WORDS_CACHE))
		return AUDIT_CACHE_WITHOUT_LIMIT;
	return one_block ? AUDIT_CONTAINER_ONLY_GROWS : pattern_of_lives(lives);
}

/* Nothing else told: then the stacks of what may keep them. A table is told by its one
 * large block, where its kind has no name. */
static enum audit_pattern pattern_of_keeper(const struct audit_facts *facts,
					    const struct audit_function *function,
					    size_t stack, enum audit_pattern found,
					    bool is_text)
{
	struct audit_container container;

	if (found != AUDIT_FORGOTTEN_BLOCKS && found != AUDIT_KEPT_TO_THE_END &&
	    found != AUDIT_SOME_FORGOTTEN && found != AUDIT_CAUSE_NOT_CLEAR)
		return found;
	if (audit_container_find(facts, function, stack, &container))
		return AUDIT_GROWING_CONTAINER;
	if (audit_reference_find(facts, function, stack))
		return AUDIT_COUNTED_REFERENCES;
	return !is_text && audit_pattern_nothing_freed(function) &&
			       has_table(facts, function)
		       ? AUDIT_TABLE_ONLY_GROWS
		       : found;
}

static enum audit_pattern pattern_of_growth(const struct audit_facts *facts,
					    const struct audit_function *function,
					    size_t stack, enum audit_growth growth)
{
	struct audit_release release;
	bool known = audit_release_find(facts, function, stack, &release);

	if (known && !release.is_text)
		return AUDIT_LIBRARY_OBJECTS;
	if (audit_stack_mentions(facts, stack, WORDS_RETRY))
		return AUDIT_RETRIES_PILING_UP;
	if (function->doubling.steps > 0)
		return AUDIT_CONTAINER_ONLY_GROWS;
	if (function->lows.count > 0)
		return AUDIT_SOME_FORGOTTEN;
	if (growth == AUDIT_GROWTH_EXPONENTIAL &&
	    facts->stacks[stack].live_objects >= 2 &&
	    !audit_stack_mentions(facts, stack, WORDS_QUEUE))
		return AUDIT_RUNAWAY_GROWTH;
	return pattern_of_keeper(facts, function, stack,
				 pattern_of_keeping(facts, function, stack), known);
}

bool audit_pattern_nothing_freed(const struct audit_function *function)
{
	return function->frees < AUDIT_LIVES_FREED_MIN * function->allocs;
}

bool audit_pattern_may_be_filling(const struct audit_facts *facts,
				  const struct audit_function *function, size_t stack)
{
	return audit_pattern_nothing_freed(function) &&
	       audit_keeper_mentions(facts, function, stack, WORDS_STORE);
}

bool audit_pattern_may_be_missing(const struct audit_facts *facts,
				  const struct audit_function *function, size_t stack)
{
	bool has_name = function->symbol && !strstr(function->symbol->function, "+0x");

	return !audit_interpreter_of(facts, stack) &&
	       (!has_name ||
		audit_stack_mentions(facts, stack, WORDS_STORE "|" WORDS_MISS));
}

struct map_search {
	bool found;
};

/* A container of the runtime says by its kind what it is, whatever its methods' names. */
static void look_for_map(void *arg, const struct symbol *symbol, const char *text)
{
	struct map_search *search = arg;
	struct audit_container container;

	(void)text;
	if (audit_container_of_name(symbol->function, &container)) {
		container.name[strcspn(container.name, "<")] = '\0';
		search->found |= audit_name_says(container.name, WORDS_MAP_TYPE);
	} else if (!culprit_is_runtime(symbol)) {
		search->found |= audit_name_says(symbol->function, WORDS_MAP);
	}
}

static bool builds_a_map(const struct audit_facts *facts,
			 const struct audit_function *function)
{
	struct map_search search = { false };

	for (size_t i = 0; !search.found && i < facts->profile->stacks_count; i++)
		if (&facts->functions[facts->stacks[i].function] == function &&
		    facts->stacks[i].allocs > 0)
			audit_stack_each(facts->profile, facts->symbols, i, look_for_map,
					 &search);
	return search.found;
}

static enum audit_pattern pattern_of_storm(const struct audit_facts *facts,
					   const struct audit_function *function)
{
	unsigned same, often = together(facts, function, &same);

	if (function->is_thread_create)
		return AUDIT_THREAD_PER_MESSAGE;
	if (!function->is_direct &&
	    audit_function_mentions(facts, function, AUDIT_WORDS_BATCH))
		return AUDIT_MISSING_BATCH;
	if (audit_function_mentions(facts, function, WORDS_REGEX))
		return AUDIT_COMPILED_EACH_TIME;
	if (audit_function_mentions(facts, function, WORDS_FORMAT))
		return AUDIT_FORMATTING_IN_LOOP;
	if (builds_a_map(facts, function) && often + 1 > same)
		return AUDIT_MAP_PER_MESSAGE;
	if ((same >= 3 && function->alloc_bytes >= DATA_BYTES * function->allocs) ||
	    audit_function_mentions(facts, function, WORDS_COPY))
		return AUDIT_COPIES_ON_HOT_PATH;
	return AUDIT_TEMPORARY_OBJECTS;
}

enum audit_pattern audit_pattern_of(const struct audit_facts *facts,
				    const struct audit_function *function, size_t stack,
				    enum audit_verdict verdict, enum audit_growth growth)
{
	if (verdict == AUDIT_FRAGMENTATION)
		return AUDIT_HOLES_IN_HEAP;
	if (!function)
		return AUDIT_PATTERN_NONE;
	if ((verdict == AUDIT_LEAK || verdict == AUDIT_STORM) &&
	    audit_interpreter_of(facts, stack))
		return AUDIT_SCRIPT_OBJECTS;
	switch (verdict) {
	case AUDIT_LEAK:
		return pattern_of_growth(facts, function, stack, growth);
	case AUDIT_THREAD_LEAK:
		return AUDIT_THREADS_NEVER_JOINED;
	case AUDIT_STORM:
		return pattern_of_storm(facts, function);
	case AUDIT_SAWTOOTH:
		return audit_stack_mentions(facts, stack, WORDS_LOG "|" WORDS_FORMAT)
			       ? AUDIT_LOGGING_BURST
			       : AUDIT_BATCH_FLUSH;
	default:
		return AUDIT_PATTERN_NONE;
	}
}
