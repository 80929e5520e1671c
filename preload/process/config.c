#include "preload/process/config.h"

#include <stddef.h>
#include <string.h>

#include "preload/platform/text.h"

#define KIB 1024ull
#define MIB (1024ull * KIB)
#define GIB (1024ull * MIB)

struct unit {
	const char *name;
	uint64_t factor;
};

static const struct unit byte_units[] = {
	{ "", 1 },      { "B", 1 },     { "K", KIB },         { "KiB", KIB },
	{ "KB", 1000 }, { "M", MIB },   { "MiB", MIB },       { "MB", 1000000 },
	{ "G", GIB },   { "GiB", GIB }, { "GB", 1000000000 }, { "k", KIB },
	{ "m", MIB },   { "g", GIB },   { "kB", 1000 },       { NULL, 0 },
};

static const struct unit time_units[] = {
	{ "ns", 1 },
	{ "us", 1000 },
	{ "ms", 1000000 },
	{ "s", 1000000000 },
	{ "", 1000000000 },
	{ "m", 60000000000ull },
	{ "min", 60000000000ull },
	{ "h", 3600000000000ull },
	{ NULL, 0 },
};

/* A decimal number with up to six places, times the unit that follows it. */
static bool quantity(const char *text, const struct unit *units, uint64_t *ret)
{
	uint64_t whole = 0, part = 0, scale = 1, product;
	bool digits = false;

	for (; *text >= '0' && *text <= '9'; text++, digits = true)
		if (__builtin_mul_overflow(whole, 10, &whole) ||
		    __builtin_add_overflow(whole, (uint64_t)(*text - '0'), &whole))
			return false;
	if (*text == '.')
		for (text++; *text >= '0' && *text <= '9' && scale < 1000000;
		     text++, digits = true, scale *= 10)
			part = part * 10 + (uint64_t)(*text - '0');
	if (!digits)
		return false;
	for (; units->name != NULL; units++) {
		if (strcmp(units->name, text) != 0)
			continue;
		if (__builtin_mul_overflow(whole, units->factor, &product) ||
		    __builtin_add_overflow(product, part * units->factor / scale, ret))
			return false;
		return true;
	}
	return false;
}

bool config_bytes(const char *text, uint64_t *ret_bytes)
{
	return quantity(text, byte_units, ret_bytes);
}

bool config_duration(const char *text, uint64_t *ret_ns)
{
	return quantity(text, time_units, ret_ns);
}

bool config_match(const char *pattern, const char *name)
{
	const char *star = NULL, *resume = NULL;

	while (*name != '\0') {
		if (*pattern == '*') {
			star = pattern++;
			resume = name;
		} else if (*pattern == '?' || *pattern == *name) {
			pattern++;
			name++;
		} else if (star != NULL) {
			pattern = star + 1;
			name = ++resume;
		} else {
			return false;
		}
	}
	while (*pattern == '*')
		pattern++;
	return *pattern == '\0';
}

static bool parse_rate(struct config *c, const char *v)
{
	uint64_t rate;

	if (strcmp(v, "exact") == 0 || strcmp(v, "off") == 0) {
		c->mode = *v == 'e' ? HR_MODE_EXACT : HR_MODE_DORMANT;
		return true;
	}
	if (!config_bytes(v, &rate) || rate == 0 || rate > 1024 * GIB)
		return false;
	c->rate = rate;
	c->mode = rate == 1 ? HR_MODE_EXACT : HR_MODE_SAMPLED;
	return true;
}

static bool parse_budget(struct config *c, const char *v)
{
	return config_bytes(v, &c->budget) && c->budget >= MIB && c->budget <= 64 * GIB;
}

static bool parse_interval(struct config *c, const char *v)
{
	return config_duration(v, &c->interval_ns) && c->interval_ns >= 1000000 &&
	       c->interval_ns <= 86400000000000ull;
}

static bool parse_history(struct config *c, const char *v)
{
	return config_bytes(v, &c->history) && c->history <= GIB &&
	       (c->history == 0 || c->history >= 64 * KIB);
}

static bool parse_depth(struct config *c, const char *v)
{
	uint64_t depth;

	if (!config_bytes(v, &depth) || depth < 1 || depth > CONFIG_DEPTH_MAX)
		return false;
	c->depth = (uint32_t)depth;
	return true;
}

static bool parse_mappings(struct config *c, const char *v)
{
	c->mappings = *v == '1';
	return (*v == '0' || *v == '1') && v[1] == '\0';
}

static bool parse_follow(struct config *c, const char *v)
{
	static const char *const names[] = { "none", "fork", "exec", "all" };

	for (unsigned i = 0; i < 4; i++) {
		if (strcmp(v, names[i]) == 0) {
			c->follow = (enum config_follow)i;
			return true;
		}
	}
	return false;
}

/* "64", "256MiB" or "64,256MiB": a bare number counts segments. */
static bool parse_keep(struct config *c, const char *v)
{
	char part[32];
	const char *comma = strchr(v, ',');
	size_t len = comma != NULL ? (size_t)(comma - v) : strlen(v);
	uint64_t n;

	if (len >= sizeof part)
		return false;
	memcpy(part, v, len);
	part[len] = '\0';
	if (!config_bytes(part, &n))
		return false;
	if (strspn(part, "0123456789") == len && n <= 1000000)
		c->keep_count = (uint32_t)n;
	else
		c->keep_bytes = n;
	return comma == NULL || parse_keep(c, comma + 1);
}

static bool parse_level(struct config_level *level, const char *v, size_t len)
{
	char digits[HR_SNAPSHOT_NAME];
	uint64_t percent;

	if (len < 2 || len >= sizeof level->name)
		return false;
	memcpy(level->name, v, len);
	level->name[len] = '\0';
	if (level->name[len - 1] != '%')
		return config_bytes(level->name, &level->bytes) &&
		       level->bytes >= 4 * KIB;
	memcpy(digits, v, len - 1);
	digits[len - 1] = '\0';
	if (strspn(digits, "0123456789") != len - 1 || !config_bytes(digits, &percent) ||
	    percent < 1 || percent > 100)
		return false;
	level->percent = (uint32_t)percent;
	return true;
}

/* "70%,85%,2GiB" */
static bool parse_levels(struct config *c, const char *v)
{
	for (;;) {
		size_t len = strcspn(v, ",");

		if (c->levels_count == HR_SNAPSHOTS_MAX ||
		    !parse_level(&c->levels[c->levels_count++], v, len))
			return false;
		if (v[len] == '\0')
			return true;
		v += len + 1;
	}
}

static bool copy(char to[CONFIG_TEXT], const char *v)
{
	struct text text = text_into(to, CONFIG_TEXT);

	text_str(&text, v);
	return !text.cut;
}

static bool parse_dir(struct config *c, const char *v)
{
	return *v == '/' && copy(c->dir, v);
}

static bool parse_output(struct config *c, const char *v)
{
	return copy(c->output, v);
}

static bool parse_only(struct config *c, const char *v)
{
	return copy(c->only, v);
}

static const struct {
	const char *name;
	bool (*parse)(struct config *c, const char *v);
	const char *allowed;
} variables[] = {
	{ "HEAPRING_RATE", parse_rate, "exact, off, or bytes such as 512KiB" },
	{ "HEAPRING_DIR", parse_dir, "an absolute path of at most 255 bytes" },
	{ "HEAPRING_BUDGET", parse_budget, "bytes from 1MiB to 64GiB" },
	{ "HEAPRING_INTERVAL", parse_interval, "a time from 1ms to 24h such as 500ms" },
	{ "HEAPRING_HISTORY", parse_history, "0, or bytes from 64KiB to 1GiB" },
	{ "HEAPRING_DEPTH", parse_depth, "frames from 1 to 512" },
	{ "HEAPRING_OUTPUT", parse_output, "a path of at most 255 bytes" },
	{ "HEAPRING_MMAP", parse_mappings, "0 or 1" },
	{ "HEAPRING_FOLLOW", parse_follow, "none, fork, exec or all" },
	{ "HEAPRING_ONLY", parse_only, "a program name or pattern of at most 255 bytes" },
	{ "HEAPRING_SNAPSHOT_AT", parse_levels,
	  "at most 4 of 1% to 100% of the limit and bytes from 4KiB: 70%,85%,2GiB" },
	{ "HEAPRING_KEEP", parse_keep,
	  "a number of segments, bytes, or both: 64,256MiB" },
};

void config_parse(struct config *config, config_getenv *get)
{
	*config = (struct config){
		.mode = HR_MODE_EXACT,
		.rate = 512 * KIB,
		.budget = 64 * MIB,
		.interval_ns = 1000000000,
		.history = 4 * MIB,
		.depth = 128,
		.follow = FOLLOW_ALL,
		.keep_count = 64,
		.keep_bytes = 256 * MIB,
		.dir = HEAPRING_DIR,
	};
	for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++) {
		const char *value = get(variables[i].name);

		if (value == NULL || *value == '\0' || variables[i].parse(config, value))
			continue;
		config->bad_name = variables[i].name;
		config->bad_value = value;
		config->bad_allowed = variables[i].allowed;
		return;
	}
	if (config->levels_count > 0 && config->history == 0) {
		config->bad_name = "HEAPRING_SNAPSHOT_AT";
		config->bad_value = config->levels[0].name;
		config->bad_allowed = "levels with a history only: HEAPRING_HISTORY is 0";
	}
}
