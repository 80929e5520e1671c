/*
 * call_edges - which place calls which, and what the callee accounts for
 */
#include "analyzer/views/call_edges.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct building {
	struct call_edges edges;
	uint32_t *index; /* edge + 1 */
	size_t size;
};

static size_t slot_of(const struct building *building, uint32_t caller, uint32_t callee)
{
	uint64_t mixed = ((uint64_t)caller << 32 | callee) * 0x9e3779b97f4a7c15ull;
	size_t at = (size_t)(mixed ^ mixed >> 31) & (building->size - 1);

	while (building->index[at]) {
		const struct call_edge *edge =
			&building->edges.edges[building->index[at] - 1];

		if (edge->caller == caller && edge->callee == callee)
			break;
		at = (at + 1) & (building->size - 1);
	}
	return at;
}

static int grow(struct building *building)
{
	struct call_edges *edges = &building->edges;
	uint32_t room = edges->room ? edges->room * 2 : 512;
	struct call_edge *grown = realloc(edges->edges, room * sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	edges->edges = grown;
	edges->room = room;
	free(building->index);
	building->size = (size_t)room * 2;
	building->index = calloc(building->size, sizeof(*building->index));
	if (!building->index)
		return -ENOMEM;
	for (uint32_t i = 0; i < edges->count; i++)
		building->index[slot_of(building, grown[i].caller, grown[i].callee)] =
			i + 1;
	return 0;
}

static int add_edge(struct building *building, uint32_t caller, uint32_t callee,
		    const struct stack_entry *entry, size_t stack)
{
	struct call_edges *edges = &building->edges;
	struct call_edge *edge;
	size_t at;

	if (edges->count == edges->room && grow(building) < 0)
		return -ENOMEM;
	at = slot_of(building, caller, callee);
	if (!building->index[at]) {
		edges->edges[edges->count] =
			(struct call_edge){ .caller = caller, .callee = callee };
		building->index[at] = ++edges->count;
	}
	edge = &edges->edges[building->index[at] - 1];
	if (edge->last_stack == stack + 1)
		return 0;
	edge->last_stack = stack + 1;
	for (int s = 0; s < PROFILE_SAMPLES; s++)
		edge->value[s] += entry->value[s];
	return 0;
}

static int by_caller_then_callee(const void *a, const void *b)
{
	const struct call_edge *x = a, *y = b;

	if (x->caller != y->caller)
		return x->caller < y->caller ? -1 : 1;
	return (x->callee > y->callee) - (x->callee < y->callee);
}

int call_edges_load(const struct stack_set *set, const uint32_t *group,
		    struct call_edges *ret_edges, struct fault *fault)
{
	struct building building = { 0 };
	int r = 0;

	for (size_t i = 0; r == 0 && i < set->count; i++) {
		const struct stack_entry *entry = &set->entries[i];
		const uint32_t *places = stack_set_places(set, entry);

		for (uint32_t f = 0; r == 0 && f + 1 < entry->count; f++)
			r = add_edge(&building, places[f + 1],
				     group ? group[places[f]] : places[f], entry, i);
	}
	free(building.index);
	if (r < 0) {
		call_edges_done(&building.edges);
		return fault_set(fault, FAULT_INPUT, r, "out of memory for the calls");
	}
	if (building.edges.count > 0)
		qsort(building.edges.edges, building.edges.count,
		      sizeof(*building.edges.edges), by_caller_then_callee);
	*ret_edges = building.edges;
	return 0;
}

void call_edges_done(struct call_edges *edges)
{
	free(edges->edges);
	memset(edges, 0, sizeof(*edges));
}
