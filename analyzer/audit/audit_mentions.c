/*
 * audit_mentions - what the names on a function's stacks say
 */
#include "analyzer/audit/audit_mentions.h"

#include <string.h>

#include "analyzer/audit/audit_name_words.h"

#define FRAMES_MAX 24u /* from the innermost; further out is main() and the like */

static const char *base_name(const char *path)
{
	const char *base = path ? strrchr(path, '/') : NULL;

	return base ? base + 1 : path;
}

static bool says(const struct symbol *symbol, const char *words)
{
	return audit_name_says(symbol->function, words) ||
	       audit_name_says(base_name(symbol->file), words);
}

static bool holds_blocks(const struct audit_facts *facts, const struct symbol *symbol)
{
	for (size_t i = 0; i < facts->functions_count; i++)
		if (facts->functions[i].symbol && facts->functions[i].live_objects >= 1 &&
		    symbol_is_same_function(facts->functions[i].symbol, symbol))
			return true;
	return false;
}

/* Whose names count, besides those of the call in `inside_of`. */
enum callers { NO_CALLERS, CALLERS_THAT_HOLD, ALL_CALLERS };

static bool mentions(const struct audit_facts *facts, size_t stack,
		     const struct symbol *inside_of, enum callers callers,
		     const char *words)
{
	const struct segment *segment = facts->profile->segment;
	uint32_t node = facts->profile->stacks[stack].node;
	bool is_caller = false;

	for (unsigned frames = 0; node >= HR_NODE_FIRST && frames < FRAMES_MAX;
	     node = segment->nodes[node].parent) {
		unsigned count;
		const struct symbol *symbol =
			symbols_of_node(facts->symbols, node, &count);

		for (unsigned i = 0; i < count; i++, frames++) {
			if (says(&symbol[i], words) &&
			    (!is_caller || callers == ALL_CALLERS ||
			     (callers == CALLERS_THAT_HOLD &&
			      holds_blocks(facts, &symbol[i]))))
				return true;
			is_caller |= inside_of &&
				     symbol_is_same_function(&symbol[i], inside_of);
		}
	}
	return false;
}

bool audit_stack_mentions(const struct audit_facts *facts, size_t stack,
			  const char *words)
{
	return mentions(facts, stack, NULL, ALL_CALLERS, words);
}

bool audit_call_mentions(const struct audit_facts *facts,
			 const struct audit_function *function, size_t stack,
			 const char *words)
{
	return mentions(facts, stack, function->symbol, NO_CALLERS, words);
}

bool audit_function_mentions(const struct audit_facts *facts,
			     const struct audit_function *function, const char *words)
{
	for (size_t i = 0; i < facts->profile->stacks_count; i++)
		if (&facts->functions[facts->stacks[i].function] == function &&
		    facts->stacks[i].allocs > 0 && audit_stack_mentions(facts, i, words))
			return true;
	return false;
}

bool audit_keeper_mentions(const struct audit_facts *facts,
			   const struct audit_function *function, size_t stack,
			   const char *words)
{
	return mentions(facts, stack, function->symbol, CALLERS_THAT_HOLD, words);
}
