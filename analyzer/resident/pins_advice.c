#include "analyzer/resident/pins_advice.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "analyzer/segment/trim_request.h"

#define WORTH_SAYING (256 << 10) /* bytes; below that nobody should change anything */

struct writing {
	struct pins_advice *advice;
	unsigned count;
};

__attribute__((format(printf, 4, 5))) static void
add(struct writing *writing, const char *key, int64_t bytes, const char *format, ...)
{
	struct pins_advice *advice = &writing->advice[writing->count];
	va_list args;

	if (bytes < WORTH_SAYING || writing->count == PINS_ADVICE_MAX)
		return;
	advice->key = key;
	advice->bytes = bytes;
	va_start(args, format);
	vsnprintf(advice->text, sizeof(advice->text), format, args);
	va_end(args);
	writing->count++;
}

static int by_bytes(const void *a, const void *b)
{
	const struct pins_advice *x = a, *y = b;

	return (x->bytes < y->bytes) - (x->bytes > y->bytes);
}

static const char *function_of(const struct view_target *target,
			       const struct pins_stack *stack)
{
	const struct stack_entry *entry = &target->set.entries[stack->entry];

	return place_table_get(target->places, stack_set_places(&target->set, entry)[0])
		->function;
}

/* The stack that saves the most by itself, or with a trim where fastbins hold the rest.
 */
static void advise_move(struct writing *writing, const struct view_target *target,
			const struct pins *pins)
{
	const struct pins_stack *best = pins->stacks;
	int64_t alone;

	for (size_t i = 0; i < pins->count; i++)
		if (pins->stacks[i].moved > best->moved ||
		    (pins->stacks[i].moved == best->moved &&
		     pins->stacks[i].trimmed > best->trimmed))
			best = &pins->stacks[i];
	if (pins->count == 0 || best->entry == PINS_OTHER)
		return;
	alone = best->trimmed - (int64_t)pins->trimmable;
	if (best->moved > 0)
		add(writing, "move", best->moved,
		    "keep what %.150s allocates away from short-lived blocks: a pool of "
		    "its own, or allocated before the burst",
		    function_of(target, best));
	else if (alone > 0)
		add(writing, "move", best->trimmed,
		    "keep what %.150s allocates away from short-lived blocks, and call "
		    "malloc_trim(0) after the burst",
		    function_of(target, best));
}

unsigned pins_advice(const struct view_target *target, const struct pins *pins,
		     struct pins_advice advice[PINS_ADVICE_MAX])
{
	struct writing writing = { .advice = advice };
	const char *trim = trim_request_name(&target->profile->segment->header);
	int64_t resident = (int64_t)(pins->pages * RESIDENT_PAGE);

	advise_move(&writing, target, pins);
	if (pins->glibc.heaps > 0) {
		if (trim)
			add(&writing, "trim", (int64_t)pins->trimmable,
			    "call malloc_trim(0) after the burst: pages that are empty "
			    "now; --try-trim does it once");
		add(&writing, "arenas", (int64_t)pins->glibc.spread,
		    "MALLOC_ARENA_MAX=1, or 2 with many threads: at most so much, for "
		    "%u arenas keep free memory that others cannot use",
		    pins->glibc.arenas);
		add(&writing, "allocator", resident - (int64_t)pins->packed,
		    "jemalloc, tcmalloc or mimalloc, which keep blocks of one size "
		    "together and give pages back by themselves: at most so much");
	} else if (trim) {
		add(&writing, "trim", (int64_t)(pins->bucket[0].pages * RESIDENT_PAGE),
		    "%s: pages that are empty now, which it also returns by itself "
		    "after some time; --try-trim does it once",
		    trim);
	}
	if (writing.count > 0)
		qsort(advice, writing.count, sizeof(*advice), by_bytes);
	return writing.count;
}
