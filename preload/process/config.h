/*
 * config - what the environment asks of the shim, parsed once at start
 *
 * Contract: config_parse() never allocates and never prints. A variable that
 * does not parse leaves `bad` naming it, its value and what is allowed; the
 * caller says so in one line and the program runs unprofiled. Unset and empty
 * variables mean the default.
 */
#ifndef PRELOAD_CONFIG_H
#define PRELOAD_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include <heapring/segment.h>

enum config_follow {
	FOLLOW_NONE = 0,
	FOLLOW_FORK = 1,
	FOLLOW_EXEC = 2,
	FOLLOW_ALL = FOLLOW_FORK | FOLLOW_EXEC,
};

#define CONFIG_TEXT 256u
#define CONFIG_DEPTH_MAX 512u

/* When to take a snapshot: at a part of the memory limit, or at so many bytes. */
struct config_level {
	char name[HR_SNAPSHOT_NAME]; /* as it was written */
	uint64_t bytes;              /* 0: */
	uint32_t percent;
};

struct config {
	enum heapring_mode mode; /* HEAPRING_RATE */
	uint64_t rate;
	uint64_t budget;           /* HEAPRING_BUDGET, bytes */
	uint64_t interval_ns;      /* HEAPRING_INTERVAL */
	uint64_t history;          /* HEAPRING_HISTORY, bytes */
	uint32_t depth;            /* HEAPRING_DEPTH, frames */
	bool mappings;             /* HEAPRING_MMAP */
	enum config_follow follow; /* HEAPRING_FOLLOW */
	uint32_t keep_count;       /* HEAPRING_KEEP: segments of ended processes ... */
	uint64_t keep_bytes;       /* ... and their bytes */
	struct config_level levels[HR_SNAPSHOTS_MAX]; /* HEAPRING_SNAPSHOT_AT */
	uint32_t levels_count;
	char dir[CONFIG_TEXT];    /* HEAPRING_DIR */
	char output[CONFIG_TEXT]; /* HEAPRING_OUTPUT, "" none */
	char only[CONFIG_TEXT];   /* HEAPRING_ONLY, "" any program */
	const char *bad_name;     /* NULL: all parsed */
	const char *bad_value;
	const char *bad_allowed;
};

/* Reads name's value; NULL when unset. */
typedef const char *config_getenv(const char *name);

void config_parse(struct config *config, config_getenv *get);

/* "512KiB", "1.5MB", "4096": bytes. False when it does not parse. */
bool config_bytes(const char *text, uint64_t *ret_bytes);

/* "1s", "250ms", "2m": nanoseconds. False when it does not parse. */
bool config_duration(const char *text, uint64_t *ret_ns);

/* Does a shell pattern with * and ? match the whole name? */
bool config_match(const char *pattern, const char *name);

#endif
