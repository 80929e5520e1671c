/*
 * audit_facts - what the verdict is drawn from: the process, and each function's part
 *
 * Two ways to tell that blocks die at once. Their ages, where the shim knows them; else
 * Little's law: blocks that live W seconds and come at rate L are L W alive on
 * average, so W is the mean number alive over the rate.
 */
#include "analyzer/audit/audit_facts.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <uthash.h>

#define STARTUP_PARTS 10u
#define TEMPORARY_SHARE 0.9 /* of a stack's blocks, that must die young */
#define TEMPORARY_S ((double)HR_LIFETIME_MS(0) / 1000)

/* A function while stacks are sorted into functions. */
struct entry {
	struct {
		const char *function, *module;
		bool is_thread_create;
	} key;
	uint32_t number;
	UT_hash_handle hh;
};

double audit_facts_seconds(const struct audit_facts *facts)
{
	return fmax(1e-3, facts->window.to_s - facts->window.from_s);
}

static double sum(const uint64_t *counts, size_t count)
{
	double all = 0;

	for (size_t i = 0; i < count; i++)
		all += (double)counts[i];
	return all;
}

static double mean(const double *values, size_t count)
{
	double all = 0;

	for (size_t i = 0; i < count; i++)
		all += values[i];
	return all / (double)count;
}

/* Without a history a stack moved from nothing to what it is. */
static void whole_run(const struct audit_facts *facts, size_t stack,
		      struct audit_series *ret)
{
	for (int s = 0; s < PROFILE_SAMPLES; s++) {
		ret->value[s][0] = 0;
		ret->value[s][1] = (double)facts->profile->stacks[stack].value[s];
	}
}

static void unchanged(const struct audit_facts *facts, size_t stack,
		      struct audit_series *ret)
{
	for (int s = 0; s < PROFILE_SAMPLES; s++)
		for (size_t i = 0; i < facts->window.count; i++)
			ret->value[s][i] = (double)facts->profile->stacks[stack].value[s];
}

void audit_facts_stack_series(const struct audit_facts *facts, size_t stack,
			      struct audit_series *ret)
{
	if (facts->history && history_stack_changes(facts->history, stack) == 0)
		unchanged(facts, stack, ret);
	else if (facts->history)
		audit_series_stack(facts->history, &facts->window, stack, facts->scratch,
				   ret);
	else
		whole_run(facts, stack, ret);
}

static bool is_temporary(const struct audit_stack *stack, double seconds)
{
	double rate = stack->allocs / seconds;

	if (stack->allocs < 1)
		return false;
	if (stack->young >= 0)
		return stack->frees >= TEMPORARY_SHARE * stack->allocs &&
		       stack->young >= TEMPORARY_SHARE;
	return stack->mean_live / rate < TEMPORARY_S;
}

static void sum_up_stack(struct audit_facts *facts, size_t number,
			 const struct audit_series *series)
{
	struct audit_stack *stack = &facts->stacks[number];
	const struct profile_detail *details = facts->profile->details;
	size_t last = facts->window.count - 1;
	const double(*value)[AUDIT_GRID_MAX] = series->value;
	double freed;

	stack->live_bytes = value[PROFILE_INUSE_SPACE][last];
	stack->live_objects = value[PROFILE_INUSE_OBJECTS][last];
	/* what came in the first tenth is the start-up's */
	stack->growth_bytes =
		stack->live_bytes -
		value[PROFILE_INUSE_SPACE][facts->window.count / STARTUP_PARTS];
	stack->allocs =
		value[PROFILE_ALLOC_OBJECTS][last] - value[PROFILE_ALLOC_OBJECTS][0];
	stack->alloc_bytes =
		value[PROFILE_ALLOC_SPACE][last] - value[PROFILE_ALLOC_SPACE][0];
	stack->frees = fmax(0, stack->allocs - stack->live_objects +
				       value[PROFILE_INUSE_OBJECTS][0]);
	stack->mean_live = mean(value[PROFILE_INUSE_OBJECTS], facts->window.count);
	stack->young = -1;
	freed = details ? sum(details[number].lifetime, HR_LIFETIMES) : 0;
	if (freed > 0 && freed >= 0.5 * stack->frees)
		stack->young = (double)details[number].lifetime[0] / freed;
	stack->is_temporary = is_temporary(stack, audit_facts_seconds(facts));
}

static int add_series(struct audit_function *function, const struct audit_series *series,
		      size_t count)
{
	if (!function->series)
		function->series = calloc(PROFILE_SAMPLES, sizeof(*function->series));
	if (!function->series)
		return -ENOMEM;
	for (int s = 0; s < PROFILE_SAMPLES; s++)
		for (size_t i = 0; i < count; i++)
			function->series[s][i] += series->value[s][i];
	return 0;
}

static int add_to_function(struct audit_facts *facts, struct audit_function *function,
			   size_t number, const struct audit_series *series)
{
	const struct audit_stack *stack = &facts->stacks[number];
	const struct profile_detail *details = facts->profile->details;
	double weight = fmax(0, stack->growth_bytes) * 1e6 + stack->alloc_bytes;

	if (function->stacks++ == 0 || weight > function->largest_weight) {
		function->largest_stack = number;
		function->largest_weight = weight;
	}
	function->live_bytes += stack->live_bytes;
	function->live_objects += stack->live_objects;
	function->growth_bytes += stack->growth_bytes;
	function->allocs += stack->allocs;
	function->alloc_bytes += stack->alloc_bytes;
	function->created +=
		(double)facts->profile->stacks[number].value[PROFILE_ALLOC_OBJECTS];
	function->frees += stack->frees;
	function->temporary_allocs += stack->is_temporary ? stack->allocs : 0;
	function->temporary_bytes += stack->is_temporary ? stack->alloc_bytes : 0;
	for (unsigned i = 0; details && i < HR_LIFETIMES; i++)
		function->freed_at_age[i] += details[number].lifetime[i];
	/* what never moved only lifts the whole: it cannot tell anything */
	if (stack->allocs <= 0 && stack->frees <= 0)
		return 0;
	return add_series(function, series, facts->window.count);
}

static int find_function(struct audit_facts *facts, struct entry **entries,
			 const struct culprit *culprit, uint32_t *ret_number)
{
	struct entry *entry, *found;

	entry = calloc(1, sizeof(*entry)); /* padding counts in the key */
	if (!entry)
		return -ENOMEM;
	if (culprit->symbol) {
		entry->key.function = culprit->symbol->function;
		entry->key.module = culprit->symbol->module;
	}
	entry->key.is_thread_create = culprit->is_thread_create;
	HASH_FIND(hh, *entries, &entry->key, sizeof(entry->key), found);
	if (found) {
		free(entry);
		*ret_number = found->number;
		return 0;
	}
	entry->number = (uint32_t)facts->functions_count;
	HASH_ADD(hh, *entries, key, sizeof(entry->key), entry);
	facts->functions[facts->functions_count++] = (struct audit_function){
		.symbol = culprit->symbol,
		.is_direct = culprit->is_direct,
		.is_thread_create = culprit->is_thread_create,
		.growth_stack = SIZE_MAX,
	};
	*ret_number = entry->number;
	return 0;
}

static int gather_stacks(struct audit_facts *facts, struct entry **entries,
			 struct audit_series *series)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < facts->profile->stacks_count; i++) {
		struct culprit culprit = culprit_of(facts->culprits, i);

		r = find_function(facts, entries, &culprit, &facts->stacks[i].function);
		if (r < 0)
			break;
		audit_facts_stack_series(facts, i, series);
		sum_up_stack(facts, i, series);
		r = add_to_function(facts, &facts->functions[facts->stacks[i].function],
				    i, series);
	}
	return r;
}

static void forget_functions(struct audit_facts *facts)
{
	for (size_t i = 0; i < facts->functions_count; i++)
		free(facts->functions[i].series);
	facts->functions_count = 0;
}

static int sort_into_functions(struct audit_facts *facts, struct audit_series *series)
{
	struct entry *entries = NULL, *entry, *next;
	int r;

	forget_functions(facts);
	r = gather_stacks(facts, &entries, series);
	HASH_ITER(hh, entries, entry, next)
	{
		HASH_DEL(entries, entry);
		free(entry);
	}
	return r;
}

/* What became of the blocks is known once they were added up. */
static int note_uses(const struct audit_facts *facts)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < facts->profile->stacks_count; i++)
		r = culprits_note(facts->culprits, i, facts->stacks[i].alloc_bytes,
				  facts->stacks[i].growth_bytes);
	return r;
}

static int gather_functions(struct audit_facts *facts)
{
	struct audit_series *series = malloc(sizeof(*series));
	int r = series ? culprits_new(facts->profile, facts->symbols, &facts->culprits)
		       : -ENOMEM;

	if (r == 0)
		r = sort_into_functions(facts, series);
	if (r == 0)
		r = note_uses(facts);
	if (r == 0 && culprits_learn(facts->culprits))
		r = sort_into_functions(facts, series);
	free(series);
	return r;
}

int audit_facts_sort_again(struct audit_facts *facts)
{
	struct audit_series *series = malloc(sizeof(*series));
	int r = series ? sort_into_functions(facts, series) : -ENOMEM;

	free(series);
	return r;
}

static void window_without_history(struct audit_facts *facts)
{
	const struct heapring_header *header = &facts->profile->segment->header;
	double seconds = 1;

	if (header->end_unix_ns > header->start_unix_ns)
		seconds = (double)(header->end_unix_ns - header->start_unix_ns) / 1e9;
	facts->window = (struct audit_window){ .to_s = seconds, .count = 2 };
	facts->window.at[1] = seconds;
	for (int s = 0; s < PROFILE_SAMPLES; s++)
		facts->total.value[s][1] = (double)facts->profile->total[s];
}

static int make_room(struct audit_facts *facts)
{
	size_t stacks = facts->profile->stacks_count;
	bool failed;

	facts->stacks = calloc(stacks + 1, sizeof(*facts->stacks));
	facts->functions = calloc(stacks + 1, sizeof(*facts->functions));
	failed = !facts->stacks || !facts->functions;
	for (int s = 0; facts->history && s < PROFILE_SAMPLES; s++) {
		facts->scratch[s] =
			calloc(facts->history->count, sizeof(*facts->scratch[s]));
		failed = failed || !facts->scratch[s];
	}
	return failed ? -ENOMEM : 0;
}

int audit_facts_gather(const struct profile *profile, const struct symbols *symbols,
		       const struct audit_surroundings *around, struct audit_facts *facts)
{
	int r;

	memset(facts, 0, sizeof(*facts));
	facts->profile = profile;
	facts->symbols = symbols;
	facts->around = around;
	facts->history = profile->history;
	if (facts->history) {
		audit_window_find(facts->history, profile->life != SEGMENT_LIVE,
				  &facts->window);
		audit_series_total(facts->history, &facts->window, &facts->total);
	} else {
		window_without_history(facts);
	}
	r = make_room(facts);
	if (r == 0)
		r = gather_functions(facts);
	if (r == 0)
		r = series_shape_find(facts->window.at,
				      facts->total.value[PROFILE_INUSE_SPACE],
				      facts->window.count, &facts->shape);
	return r;
}

void audit_facts_done(struct audit_facts *facts)
{
	forget_functions(facts);
	culprits_free(facts->culprits);
	for (int s = 0; s < PROFILE_SAMPLES; s++)
		free(facts->scratch[s]);
	free(facts->functions);
	free(facts->stacks);
}

void audit_facts_survival(const struct audit_facts *facts,
			  const struct audit_function *function, struct survival *ret)
{
	uint64_t living[HR_LIFETIMES] = { 0 };

	if (function->series)
		survival_living_ages(facts->window.at,
				     function->series[PROFILE_ALLOC_OBJECTS],
				     facts->window.count, function->live_objects, living);
	survival_estimate(function->freed_at_age, living, ret);
}
