#include "analyzer/profile/profile_build.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <uthash.h>

struct figures {
	uint64_t space, objects;
};

struct frame {
	UT_hash_handle hh;
	struct {
		uint64_t pc;
		uint64_t parent;
	} key;
	uint32_t node;
	struct figures figures;
};

struct profile_build {
	struct profile *profile;
	struct figures reasons[HR_NODE_FIRST]; /* stacks without any frame */
	struct frame *frames;
	size_t room; /* of nodes */
	profile_build_module_fn *ask;
	void *ask_arg;
	int error;
};

struct profile_build *profile_build_begin(struct profile *profile)
{
	struct profile_build *build = calloc(1, sizeof(*build));
	struct segment *segment = profile->segment;

	if (!build) {
		profile_free(profile);
		return NULL;
	}
	build->profile = profile;
	free(segment->nodes);
	segment->nodes = NULL;
	segment->nodes_count = HR_NODE_FIRST;
	free(segment->starts); /* they name nodes */
	segment->starts = NULL;
	segment->starts_count = 0;
	free(profile->stacks);
	free(profile->variance);
	free(profile->details);
	profile->stacks = NULL;
	profile->variance = NULL;
	profile->details = NULL;
	profile->stacks_count = 0;
	memset(profile->total, 0, sizeof(profile->total));
	memset(&profile->coverage, 0, sizeof(profile->coverage));
	return build;
}

void profile_build_ask(struct profile_build *build, profile_build_module_fn *fn,
		       void *arg)
{
	build->ask = fn;
	build->ask_arg = arg;
}

/* The module at the address, which is added when only who was asked knows it. */
static uint16_t find_module(struct profile_build *build, uint64_t address)
{
	struct segment *segment = build->profile->segment;
	uint16_t known = segment_module_at(segment, address);
	struct heapring_module found = { 0 }, *grown;

	if (known || !build->ask || segment->modules_count >= UINT16_MAX - 1 ||
	    !build->ask(build->ask_arg, address, &found))
		return known;
	grown = realloc(segment->modules, (segment->modules_count + 1) * sizeof(*grown));
	if (!grown)
		return 0;
	segment->modules = grown;
	segment->modules[segment->modules_count++] = found;
	return (uint16_t)segment->modules_count;
}

static bool make_room(struct profile_build *build)
{
	struct segment *segment = build->profile->segment;
	size_t room = build->room ? build->room * 2 : 1024;
	struct segment_node *grown;

	if (segment->nodes_count < build->room)
		return true;
	grown = realloc(segment->nodes, room * sizeof(*grown));
	if (!grown)
		return false;
	if (!segment->nodes)
		memset(grown, 0, HR_NODE_FIRST * sizeof(*grown));
	segment->nodes = grown;
	build->room = room;
	return true;
}

uint32_t profile_build_frame(struct profile_build *build, uint32_t parent, uint64_t pc)
{
	struct segment *segment = build->profile->segment;
	struct frame *made = calloc(1, sizeof(*made)), *found;

	if (!made || !make_room(build)) {
		free(made);
		build->error = -ENOMEM;
		return HR_NODE_ROOT;
	}
	made->key.pc = pc;
	made->key.parent = parent;
	HASH_FIND(hh, build->frames, &made->key, sizeof(made->key), found);
	if (found) {
		free(made);
		return found->node;
	}
	if (segment->nodes_count >= PROFILE_BUILD_MAX) {
		free(made);
		return HR_END_OVERFLOW;
	}
	made->node = segment->nodes_count++;
	segment->nodes[made->node] = (struct segment_node){
		.pc = pc,
		.parent = parent,
		.module = find_module(build, pc - 1),
		.depth = (uint16_t)(segment->nodes[parent].depth + 1u),
	};
	HASH_ADD(hh, build->frames, key, sizeof(made->key), made);
	return made->node;
}

void profile_build_count(struct profile_build *build, uint32_t node, uint64_t space,
			 uint64_t objects)
{
	struct figures *figures = &build->reasons[node % HR_NODE_FIRST];
	struct frame key = { 0 }, *frame;

	if (node >= HR_NODE_FIRST) {
		const struct segment_node *at = &build->profile->segment->nodes[node];

		key.key.pc = at->pc;
		key.key.parent = at->parent;
		HASH_FIND(hh, build->frames, &key.key, sizeof(key.key), frame);
		figures = &frame->figures;
	}
	figures->space += space;
	figures->objects += objects;
}

static void add_stack(struct profile *profile, uint32_t node,
		      const struct figures *figures)
{
	struct profile_stack *stack = &profile->stacks[profile->stacks_count];

	if (figures->objects == 0)
		return;
	stack->node = node;
	stack->value[PROFILE_INUSE_SPACE] = figures->space;
	stack->value[PROFILE_INUSE_OBJECTS] = figures->objects;
	profile->total[PROFILE_INUSE_SPACE] += figures->space;
	profile->total[PROFILE_INUSE_OBJECTS] += figures->objects;
	profile->stacks_count++;
}

/* In the order of nodes, as a profile has them. */
static int make_stacks(struct profile_build *build)
{
	struct profile *profile = build->profile;
	struct frame *frame, *next;

	profile->stacks = calloc(HASH_COUNT(build->frames) + HR_NODE_FIRST,
				 sizeof(*profile->stacks));
	if (!profile->stacks)
		return -ENOMEM;
	for (uint32_t reason = 0; reason < HR_NODE_FIRST; reason++)
		add_stack(profile, reason, &build->reasons[reason]);
	HASH_ITER(hh, build->frames, frame, next)
	add_stack(profile, frame->node, &frame->figures);
	return 0;
}

int profile_build_end(struct profile_build *build, struct profile **ret_profile)
{
	struct frame *frame, *next;
	int r = build->error;

	if (r == 0 && !make_room(build)) /* the reasons are nodes, too */
		r = -ENOMEM;
	if (r == 0)
		r = make_stacks(build);
	HASH_ITER(hh, build->frames, frame, next)
	{
		HASH_DEL(build->frames, frame);
		free(frame);
	}
	*ret_profile = build->profile;
	free(build);
	return r;
}
