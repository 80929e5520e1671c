#include "analyzer/views/node_text.h"

#include <string.h>

void node_text(const struct view_target *target, uint32_t node, unsigned frames,
	       char *text, size_t room)
{
	const struct segment *segment = target->profile->segment;
	unsigned shown = 0;

	*text = '\0';
	for (; node >= HR_NODE_FIRST && shown < frames;
	     node = segment->nodes[node].parent) {
		unsigned count;
		const struct symbol *symbol =
			symbols_of_node(target->symbols, node, &count);

		for (unsigned i = 0; i < count && shown < frames; i++, symbol++) {
			size_t length = strlen(text);

			if (symbol->flags & HR_MODULE_SHIM)
				continue;
			snprintf(text + length, room - length, "%s%s",
				 shown++ ? " < " : "", symbol->function);
		}
	}
	for (char *c = text; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 127)
			*c = '?';
}

json_t *node_json(const struct view_target *target, uint32_t node)
{
	const struct segment *segment = target->profile->segment;
	json_t *places = json_array();

	for (; node >= HR_NODE_FIRST; node = segment->nodes[node].parent) {
		unsigned count;
		const struct symbol *symbol =
			symbols_of_node(target->symbols, node, &count);

		for (unsigned i = 0; i < count; i++, symbol++) {
			struct place place = { symbol->function, symbol->file,
					       symbol->module, symbol->line };

			if (!(symbol->flags & HR_MODULE_SHIM))
				json_array_append_new(places, view_json_place(&place));
		}
	}
	return places;
}
