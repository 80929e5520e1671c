/*
 * guard_level - "85%" and "2GiB": how near to its limit a process may come
 *
 * Contract
 *   - a percentage is of the limit of the process's control group, and what counts is
 *     all that the group uses but the page cache that the kernel would drop; without such
 *     a limit it is of the machine's memory, and what is not available counts;
 *   - bytes are resident memory of the process itself;
 *   - guard_level_crossed() is true once when a level is reached, and again only after
 *     the figure fell below 7/8 of it.
 */
#ifndef ANALYZER_GUARD_GUARD_LEVEL_H
#define ANALYZER_GUARD_GUARD_LEVEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GUARD_LEVELS_MAX 8u

struct guard_level {
	char name[24];  /* as it was given, "85%" */
	double percent; /* 0: bytes */
	uint64_t bytes;
	bool is_above;
};

struct guard_levels {
	struct guard_level level[GUARD_LEVELS_MAX];
	unsigned count;
};

/* What the levels are compared with. */
struct guard_memory {
	uint64_t used, limit; /* of the group or the machine; limit 0: not known */
	bool is_group;
	uint64_t resident;
};

/* "70%,85%,2GiB"; for struct option_spec. */
bool guard_levels_set(void *to, const char *value);

void guard_memory_read(uint32_t pid, struct guard_memory *ret_memory);

bool guard_level_crossed(struct guard_level *level, const struct guard_memory *memory);

#endif
