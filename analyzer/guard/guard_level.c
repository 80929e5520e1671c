#include "analyzer/guard/guard_level.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/console/units.h"
#include "analyzer/machine/control_group.h"
#include "analyzer/machine/process_memory.h"

#define AGAIN_BELOW 0.875

static bool set_level(struct guard_level *level, const char *text, size_t length)
{
	char *end;

	if (length == 0 || length >= sizeof(level->name))
		return false;
	memset(level, 0, sizeof(*level));
	memcpy(level->name, text, length);
	if (level->name[length - 1] != '%')
		return units_parse_bytes(level->name, &level->bytes) && level->bytes > 0;
	level->percent = strtod(level->name, &end);
	return end == level->name + length - 1 && end != level->name &&
	       level->percent > 0 && level->percent <= 100;
}

bool guard_levels_set(void *to, const char *value)
{
	struct guard_levels *levels = to;

	levels->count = 0;
	do {
		size_t length = strcspn(value, ",");

		if (levels->count == GUARD_LEVELS_MAX ||
		    !set_level(&levels->level[levels->count++], value, length))
			return false;
		value += length;
	} while (*value++ == ',');
	return true;
}

void guard_memory_read(uint32_t pid, struct guard_memory *ret_memory)
{
	struct machine_memory machine;
	struct control_group group;

	control_group_read(pid, &group);
	ret_memory->resident = process_resident(pid);
	ret_memory->is_group = group.limit > 0;
	if (ret_memory->is_group) {
		ret_memory->used = control_group_used(&group);
		ret_memory->limit = group.limit;
		return;
	}
	machine_memory_read(&machine);
	ret_memory->used = machine.total - machine.available;
	ret_memory->limit = machine.total;
}

bool guard_level_crossed(struct guard_level *level, const struct guard_memory *memory)
{
	double end = level->percent > 0 ? (double)memory->limit * level->percent / 100
					: (double)level->bytes;
	double now = level->percent > 0 ? (double)memory->used : (double)memory->resident;
	bool was_above = level->is_above;

	if (end <= 0)
		return false;
	if (now >= end)
		level->is_above = true;
	else if (now < end * AGAIN_BELOW)
		level->is_above = false;
	return level->is_above && !was_above;
}
