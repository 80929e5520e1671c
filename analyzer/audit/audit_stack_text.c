/*
 * audit_stack_text - the frames of a stack, for people
 */
#include "analyzer/audit/audit_stack_text.h"

#include <stdio.h>
#include <string.h>

static void describe(const struct symbol *symbol, char *text, size_t room)
{
	const char *base = symbol->file ? strrchr(symbol->file, '/') : NULL;

	base = base ? base + 1 : symbol->file;
	if (base && symbol->line)
		snprintf(text, room, "%s  %s:%u", symbol->function, base, symbol->line);
	else
		snprintf(text, room, "%s  [%s]", symbol->function,
			 *symbol->module ? symbol->module : "unknown");
	for (char *c = text; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 127)
			*c = '?';
}

unsigned audit_stack_each(const struct profile *profile, const struct symbols *symbols,
			  size_t stack, audit_frame_fn *show, void *to)
{
	uint32_t node = stack < profile->stacks_count ? profile->stacks[stack].node : 0;
	unsigned shown = 0;
	char text[1024];

	for (; node >= HR_NODE_FIRST; node = profile->segment->nodes[node].parent) {
		unsigned count;
		const struct symbol *symbol = symbols_of_node(symbols, node, &count);

		for (unsigned i = 0; i < count; i++) {
			if (symbol[i].flags & HR_MODULE_SHIM)
				continue;
			describe(&symbol[i], text, sizeof(text));
			show(to, &symbol[i], text);
			shown++;
		}
	}
	return shown;
}

struct call_in {
	const struct symbol *function, *call;
};

static void take_call(void *arg, const struct symbol *symbol, const char *text)
{
	struct call_in *in = arg;

	(void)text;
	if (!in->call && symbol_is_same_function(symbol, in->function))
		in->call = symbol;
}

const struct symbol *audit_stack_call(const struct profile *profile,
				      const struct symbols *symbols, size_t stack,
				      const struct symbol *function)
{
	struct call_in in = { function, NULL };

	if (function)
		audit_stack_each(profile, symbols, stack, take_call, &in);
	return in.call ? in.call : function;
}
