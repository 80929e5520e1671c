/*
 * audit_churn - who allocates much that does not last: storms
 *
 * What is much depends on the program. 100,000 temporary blocks a second from one
 * function are about a percent of a core in the allocator and several in what fills
 * the blocks; below that nobody would notice. A program that does little else
 * (four of five blocks, and its whole heap's bytes twenty times a second) is held to
 * a third of it, and judged as a whole more strictly. What fills a block counts too: 2
 * KiB take as long as the allocator's part. Of a system library's own temporaries it may
 * be six times as many: the program can only call it less often. Large blocks have a
 * limit of their own in bytes, since they cost page faults rather than calls.
 * docs/audit.md has the figures.
 */
#include "analyzer/audit/audit_churn.h"

#include <math.h>

#include "analyzer/audit/audit_mentions.h"
#include "analyzer/audit/audit_pattern.h"

#define BLOCKS_PER_S 100e3
#define BLOCKS_PER_S_ONLY 30e3
#define BYTES_PER_S (256.0 * (1 << 20))
#define FILLED 2048.0      /* bytes, in the time that a block takes to be had and freed */
#define FILLED_MAX 16384.0 /* a larger block is data, not an object */
#define ONLY_SHARE 0.8
#define ONLY_TURNOVER 20.0
#define LIBRARY_BLOCKS_PER_S 600e3
#define LIBRARY_BYTES_PER_S (4 * BYTES_PER_S)
#define PROCESS_FACTOR 2.0 /* all functions together may do so much more than one */
#define PROCESS_FACTOR_ONLY 1.25
#define HEAP_FLOOR 4096.0
#define CALLS_PER_S                                                                      \
	2000.0 /* of 5 us each, in a database in memory: a percent of a core */
#define ITEM_TOLERANCE 0.01
#define ITEM_BLOCKS 16.0 /* of one stack, that an item may allocate elsewhere */

/* Does little else than to allocate what dies at once. */
static bool does_only_that(const struct audit_churn *churn)
{
	return churn->temporary_share > ONLY_SHARE &&
	       churn->turnover_per_s > ONLY_TURNOVER;
}

static double score_of(const struct audit_churn *churn, double blocks, double bytes)
{
	double most = does_only_that(churn) ? BLOCKS_PER_S_ONLY : BLOCKS_PER_S;
	double size = fmin(FILLED_MAX, bytes / fmax(1, blocks));

	return fmax(blocks * (1 + size / FILLED) / most, bytes / BYTES_PER_S);
}

/* A library's own are what it is: the program can only call it less often. */
static double score_of_library(double blocks, double bytes)
{
	return fmax(blocks / LIBRARY_BLOCKS_PER_S, bytes / LIBRARY_BYTES_PER_S);
}

static void add_up(const struct audit_facts *facts, struct audit_churn *churn)
{
	double seconds = audit_facts_seconds(facts), allocs = 0, bytes = 0;
	const double *live = facts->total.value[PROFILE_INUSE_SPACE];
	double mean = HEAP_FLOOR;

	for (size_t i = 0; i < facts->functions_count; i++) {
		const struct audit_function *function = &facts->functions[i];

		allocs += function->allocs;
		bytes += function->alloc_bytes;
		churn->temporary_per_s += function->temporary_allocs / seconds;
		churn->temporary_bytes_per_s += function->temporary_bytes / seconds;
	}
	for (size_t i = 0; i < facts->window.count; i++)
		mean += live[i] / (double)facts->window.count;
	churn->temporary_share =
		allocs > 0 ? churn->temporary_per_s * seconds / allocs : 0;
	churn->turnover_per_s = bytes / seconds / mean;
}

static double since_start(const struct segment *segment, uint64_t mono_ns)
{
	uint64_t start = segment->header.start_mono_ns;

	return mono_ns > start && mono_ns != UINT64_MAX ? (double)(mono_ns - start) / 1e9
							: 0;
}

/*
 * A thread that is given a stack which another has left needs no new block, so who
 * creates threads is known from the first ones, and how many from the shim's count.
 */
static void find_threads(const struct audit_facts *facts, struct audit_churn *churn)
{
	const struct segment *segment = facts->profile->segment;
	struct audit_function *creator = NULL;
	double created = 0, most = 0;
	uint64_t first = UINT64_MAX, last = 0;

	for (uint32_t i = 0; i < segment->starts_count; i++) {
		const struct heapring_start *start = &segment->starts[i];

		if (!start->node)
			continue;
		created += (double)start->created;
		churn->threads_ended += (double)start->ended;
		first = start->first_ns < first ? start->first_ns : first;
		last = start->last_ns > last ? start->last_ns : last;
	}
	churn->threads_first_s = since_start(segment, first);
	churn->threads_last_s = since_start(segment, last);
	churn->ran_s = facts->window.to_s; /* without the tear-down */
	churn->threads_created = created;
	churn->threads_per_s = created / fmax(1, facts->window.to_s);
	for (size_t i = 0; i < facts->functions_count; i++) {
		struct audit_function *function = &facts->functions[i];

		if (!function->is_thread_create || function->created <= most)
			continue;
		most = function->created;
		creator = function;
	}
	churn->creator = creator;
	if (churn->threads_per_s >= AUDIT_THREADS_PER_S)
		churn->threads = creator;
}

/*
 * Another function has a stack that allocates just as often, and none much more often:
 * then that is once for each item. What is as often as batches come in is no missing
 * batch.
 */
static bool is_once_an_item(const struct audit_facts *facts, size_t stack)
{
	double calls = facts->stacks[stack].allocs;
	bool found = false;

	for (size_t i = 0; i < facts->profile->stacks_count; i++) {
		const struct audit_stack *other = &facts->stacks[i];

		if (other->function == facts->stacks[stack].function)
			continue;
		if (other->allocs > ITEM_BLOCKS * calls)
			return false;
		found = found || fabs(other->allocs - calls) <= ITEM_TOLERANCE * calls;
	}
	return found;
}

/*
 * A library whose temporaries below a commit or a statement are as many as the items
 * that come in pays its fixed cost for each. With batches they would be fewer.
 */
static void find_unbatched(const struct audit_facts *facts, struct audit_churn *churn)
{
	double seconds = audit_facts_seconds(facts);

	for (size_t i = 0; i < facts->profile->stacks_count; i++) {
		const struct audit_stack *stack = &facts->stacks[i];
		struct audit_function *function = &facts->functions[stack->function];
		double rate = stack->allocs / seconds;

		if (function->is_direct || !stack->is_temporary || rate < CALLS_PER_S ||
		    rate <= churn->calls_per_s ||
		    !audit_call_mentions(facts, function, i, AUDIT_WORDS_BATCH) ||
		    !is_once_an_item(facts, i))
			continue;
		churn->calls_per_s = rate;
		churn->unbatched = function;
		churn->unbatched_stack = i;
	}
}

void audit_churn_find(const struct audit_facts *facts, struct audit_churn *ret)
{
	double seconds = audit_facts_seconds(facts), all;
	struct audit_churn churn = { 0 };

	add_up(facts, &churn);
	for (size_t i = 0; i < facts->functions_count; i++) {
		struct audit_function *function = &facts->functions[i];
		double blocks = function->temporary_allocs / seconds;
		double bytes = function->temporary_bytes / seconds;
		double score = function->is_direct ? score_of(&churn, blocks, bytes)
						   : score_of_library(blocks, bytes);

		if (score <= churn.score)
			continue;
		churn.score = score;
		churn.function = function;
	}
	all = score_of(&churn, churn.temporary_per_s, churn.temporary_bytes_per_s);
	if (churn.function && churn.function->is_direct)
		churn.score = fmax(churn.score,
				   all / (does_only_that(&churn) ? PROCESS_FACTOR_ONLY
								 : PROCESS_FACTOR));
	find_threads(facts, &churn);
	find_unbatched(facts, &churn);
	*ret = churn;
}
