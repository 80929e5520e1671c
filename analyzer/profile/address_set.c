/*
 * address_set - the distinct addresses that the stacks of a profile go through
 *
 * A million nodes share some ten thousand addresses. Nodes are reached by
 * walking up from each stack until a node that was reached before, so each is
 * visited once; an open-addressing hash of (module, pc) numbers the addresses,
 * and sorting at the end renumbers them.
 */
#include "analyzer/profile/address_set.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct slots {
	uint32_t *slot; /* number of the address + 1, 0 empty */
	size_t mask;
};

static size_t hash(uint64_t pc, uint16_t module)
{
	uint64_t mixed = (pc ^ (uint64_t)module << 48) * 0x9e3779b97f4a7c15ull;

	return (size_t)(mixed ^ mixed >> 29);
}

static size_t slot_for(const struct address_set *set, const struct slots *slots,
		       uint64_t pc, uint16_t module)
{
	size_t at = hash(pc, module) & slots->mask;

	while (slots->slot[at]) {
		const struct address *address = &set->addresses[slots->slot[at] - 1];

		if (address->pc == pc && address->module == module)
			break;
		at = (at + 1) & slots->mask;
	}
	return at;
}

/* Keeps the table at most half full and the array as large as that half. */
static int grow(struct address_set *set, struct slots *slots)
{
	size_t size = slots->slot ? (slots->mask + 1) * 2 : 1024;
	struct address *addresses =
		realloc(set->addresses, size / 2 * sizeof(*addresses));
	uint32_t *slot;

	if (!addresses)
		return -ENOMEM;
	set->addresses = addresses;
	slot = calloc(size, sizeof(*slot));
	if (!slot)
		return -ENOMEM;
	free(slots->slot);
	*slots = (struct slots){ .slot = slot, .mask = size - 1 };
	for (uint32_t i = 0; i < set->count; i++)
		slot[slot_for(set, slots, addresses[i].pc, addresses[i].module)] = i + 1;
	return 0;
}

/* Gives the address's number. */
static int add_address(struct address_set *set, struct slots *slots, uint64_t pc,
		       uint16_t module, uint32_t *ret_number)
{
	size_t at;

	if (!slots->slot || set->count >= (slots->mask + 1) / 2) {
		int r = grow(set, slots);

		if (r < 0)
			return r;
	}
	at = slot_for(set, slots, pc, module);
	if (!slots->slot[at]) {
		set->addresses[set->count] = (struct address){ .pc = pc,
							       .number = set->count,
							       .module = module };
		slots->slot[at] = ++set->count;
	}
	*ret_number = slots->slot[at] - 1;
	return 0;
}

static int by_module_then_pc(const void *a, const void *b)
{
	const struct address *x = a, *y = b;

	if (x->module != y->module)
		return x->module < y->module ? -1 : 1;
	return (x->pc > y->pc) - (x->pc < y->pc);
}

static void renumber(uint32_t *of, uint32_t count, const uint32_t *renumbered)
{
	for (uint32_t i = 0; i < count; i++)
		if (of[i] != ADDRESS_NONE)
			of[i] = renumbered[of[i]];
}

static int sort(struct address_set *set, const struct segment *segment)
{
	uint32_t *renumbered = malloc(((size_t)set->count + 1) * sizeof(*renumbered));

	if (!renumbered)
		return -ENOMEM;
	if (set->count > 0)
		qsort(set->addresses, set->count, sizeof(*set->addresses),
		      by_module_then_pc);
	for (uint32_t i = 0; i < set->count; i++)
		renumbered[set->addresses[i].number] = i;
	renumber(set->of_node, segment->nodes_count, renumbered);
	renumber(set->of_start, segment->starts_count, renumbered);
	free(renumbered);
	return 0;
}

static int add_stack(struct address_set *set, struct slots *slots,
		     const struct segment *segment, uint32_t id)
{
	int r = 0;

	while (r == 0 && id >= HR_NODE_FIRST && set->of_node[id] == ADDRESS_NONE) {
		const struct segment_node *node = &segment->nodes[id];

		r = add_address(set, slots, node->pc, node->module, &set->of_node[id]);
		id = node->parent;
	}
	return r;
}

/* A routine is where it begins; all other addresses are behind a call. */
static int add_start(struct address_set *set, struct slots *slots,
		     const struct segment *segment, uint32_t i)
{
	const struct heapring_start *start = &segment->starts[i];
	int r = add_stack(set, slots, segment, start->node);

	if (r < 0 || start->node == 0 || start->routine == 0 ||
	    (start->routine + 1) & HR_TAG_PC)
		return r;
	return add_address(set, slots, start->routine + 1,
			   segment_module_at(segment, start->routine), &set->of_start[i]);
}

/* An array of so many ADDRESS_NONE. */
static uint32_t *unknown(uint32_t count)
{
	size_t bytes = ((size_t)count + 1) * sizeof(uint32_t);
	uint32_t *array = malloc(bytes);

	return array ? memset(array, 0xff, bytes) : NULL;
}

static int add_all(struct address_set *set, struct slots *slots,
		   const struct profile *profile)
{
	const struct segment *segment = profile->segment;
	int r = 0;

	for (size_t i = 0; r == 0 && i < profile->stacks_count; i++)
		r = add_stack(set, slots, segment, profile->stacks[i].node);
	for (uint32_t i = 0; r == 0 && i < segment->starts_count; i++)
		r = add_start(set, slots, segment, i);
	for (uint32_t i = 0; r == 0 && i < segment->sites_count; i++)
		if (segment->sites[i].ready && segment->sites[i].kind == HR_KIND_MAPPINGS)
			r = add_stack(set, slots, segment, segment->sites[i].node);
	return r;
}

int address_set_load(const struct profile *profile, struct address_set *ret_set)
{
	const struct segment *segment = profile->segment;
	struct address_set set = { .of_node = unknown(segment->nodes_count),
				   .of_start = unknown(segment->starts_count) };
	struct slots slots = { 0 };
	int r = set.of_node && set.of_start ? add_all(&set, &slots, profile) : -ENOMEM;

	free(slots.slot);
	if (r == 0)
		r = sort(&set, segment);
	if (r < 0) {
		address_set_done(&set);
		return r;
	}
	*ret_set = set;
	return 0;
}

void address_set_done(struct address_set *set)
{
	free(set->addresses);
	free(set->of_node);
	free(set->of_start);
	memset(set, 0, sizeof(*set));
}
