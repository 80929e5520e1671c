/*
 * audit_owner - who keeps what a helper made
 *
 * A session with its name: the name's text is made by a helper, and is larger than the
 * session. Both stay as often, since one holds the other. Up to four of the helper's
 * for one of the caller's: a record has a few texts, while who makes a whole tree of
 * nodes below one root is no helper. What a constructor makes is its object's, and who
 * made that may keep a few blocks for it, too: the object, its name, its place in a
 * table.
 */
#include "analyzer/audit/audit_owner.h"

#include <math.h>

#include "analyzer/audit/audit_stack_text.h"
#include "analyzer/views/wrapper_name.h"

#define PER_OWNER 4.0
#define TOLERANCE 1.1

struct search {
	const struct audit_facts *facts;
	const struct audit_function *helper, *owner;
	double kept; /* of the helper's blocks, by this stack */
	double most; /* blocks of the owner's for each of them */
};

static double grown(const struct audit_facts *facts,
		    const struct audit_function *function)
{
	const double *objects = function->series[PROFILE_INUSE_OBJECTS];
	size_t last = facts->window.count - 1;

	return objects[last] - objects[last / 10];
}

static const struct audit_function *function_of(const struct audit_facts *facts,
						const struct symbol *symbol)
{
	for (size_t i = 0; i < facts->functions_count; i++) {
		const struct audit_function *function = &facts->functions[i];

		if (function->grows && function->symbol && !function->is_thread_create &&
		    symbol_is_same_function(function->symbol, symbol))
			return function;
	}
	return NULL;
}

static void look_at_frame(void *arg, const struct symbol *symbol, const char *text)
{
	struct search *search = arg;
	const struct audit_function *caller;
	double own;

	(void)text;
	if (search->owner)
		return;
	caller = function_of(search->facts, symbol);
	if (!caller || caller == search->helper || !caller->is_direct)
		return;
	own = grown(search->facts, caller);
	if (own <= search->most * search->kept &&
	    own * PER_OWNER * TOLERANCE >= search->kept)
		search->owner = caller;
}

const struct audit_function *audit_owner_of(const struct audit_facts *facts,
					    const struct audit_function *helper)
{
	struct search search = { .facts = facts, .helper = helper };
	double size = helper->live_bytes / fmax(1, helper->live_objects);

	if (!helper->is_direct || helper->growth_stack == SIZE_MAX)
		return NULL;
	search.most = TOLERANCE;
	if (wrapper_name_is_constructor(helper->symbol ? helper->symbol->function : ""))
		search.most *= PER_OWNER;
	search.kept = facts->stacks[helper->growth_stack].growth_bytes / fmax(1, size);
	audit_stack_each(facts->profile, facts->symbols, helper->growth_stack,
			 look_at_frame, &search);
	return search.owner;
}
