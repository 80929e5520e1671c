#include "analyzer/views/thread_routine.h"

#include <stdbool.h>
#include <stddef.h>

#include "analyzer/views/culprit.h"

/*
 * The outermost function of the program that the stack has inside of the outer one. NULL:
 * none, or the stack does not go through that one.
 */
static const struct symbol *own_inside_of(const struct profile *profile,
					  const struct symbols *symbols, uint32_t node,
					  const struct symbol *outer)
{
	const struct symbol *own = NULL;

	for (; node >= HR_NODE_FIRST; node = profile->segment->nodes[node].parent) {
		unsigned count;
		const struct symbol *symbol = symbols_of_node(symbols, node, &count);

		for (unsigned i = 0; i < count; i++) {
			if (symbol_is_same_function(&symbol[i], outer))
				return own;
			if (!culprit_is_runtime(&symbol[i]))
				own = &symbol[i];
		}
	}
	return NULL;
}

static const struct symbol *own_of_runtime(const struct profile *profile,
					   const struct symbols *symbols,
					   const struct symbol *runtime)
{
	const struct symbol *found = NULL;

	for (size_t i = 0; i < profile->stacks_count; i++) {
		const struct symbol *own =
			own_inside_of(profile, symbols, profile->stacks[i].node, runtime);

		if (own && found && !symbol_is_same_function(own, found))
			return NULL;
		found = own ? own : found;
	}
	return found;
}

const struct symbol *thread_routine(const struct profile *profile,
				    const struct symbols *symbols, uint32_t start)
{
	const struct symbol *routine = symbols_of_routine(symbols, start);

	return routine && culprit_is_runtime(routine)
		       ? own_of_runtime(profile, symbols, routine)
		       : routine;
}

static bool goes_through(const struct profile *profile, const struct symbols *symbols,
			 uint32_t node, const struct symbol *function)
{
	for (; node >= HR_NODE_FIRST; node = profile->segment->nodes[node].parent) {
		unsigned count;
		const struct symbol *symbol = symbols_of_node(symbols, node, &count);

		for (unsigned i = 0; i < count; i++)
			if (symbol_is_same_function(&symbol[i], function))
				return true;
	}
	return false;
}

/* Those that stay are the ones to ask about, as long as any do. */
static bool is_more(const struct heapring_start *x, const struct heapring_start *y)
{
	uint64_t x_alive = x->created > x->ended ? x->created - x->ended : 0;
	uint64_t y_alive = y->created > y->ended ? y->created - y->ended : 0;

	return x_alive != y_alive ? x_alive > y_alive : x->created > y->created;
}

const struct symbol *thread_routine_by(const struct profile *profile,
				       const struct symbols *symbols,
				       const struct symbol *creator)
{
	const struct segment *segment = profile->segment;
	uint32_t best = segment->starts_count;

	for (uint32_t i = 0; i < segment->starts_count; i++)
		if ((best == segment->starts_count ||
		     is_more(&segment->starts[i], &segment->starts[best])) &&
		    goes_through(profile, symbols, segment->starts[i].node, creator))
			best = i;
	return best < segment->starts_count ? thread_routine(profile, symbols, best)
					    : NULL;
}

struct place thread_routine_place(const struct symbol *routine)
{
	return (struct place){
		.function = routine->function,
		.file = routine->file,
		.module = routine->module,
		.line = routine->start_line ? routine->start_line : routine->line,
	};
}
