/*
 * units - sizes, times and rates as people write them
 *
 * A number is read as a double only where a fraction makes sense (times and
 * sizes such as 1.5MiB); counts stay integers. The suffix decides the factor
 * and must end the string: "10mb!" is an error, not ten.
 */
#include "pipeline/base/units.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

struct unit {
	const char *suffix;
	double factor;
};

static const struct unit size_units[] = {
	{ "", 1 },          { "b", 1 },        { "k", 1 << 10 },   { "kb", 1 << 10 },
	{ "kib", 1 << 10 }, { "m", 1 << 20 },  { "mb", 1 << 20 },  { "mib", 1 << 20 },
	{ "g", 1 << 30 },   { "gb", 1 << 30 }, { "gib", 1 << 30 }, { NULL, 0 },
};

static const struct unit time_units[] = {
	{ "", 1e3 }, { "us", 1 }, { "ms", 1e3 }, { "s", 1e6 }, { "m", 6e7 }, { NULL, 0 },
};

static const struct unit rate_units[] = {
	{ "", 1 },    { "/s", 1 },    { "k", 1e3 }, { "k/s", 1e3 },
	{ "m", 1e6 }, { "m/s", 1e6 }, { NULL, 0 },
};

static int parse(const char *text, const struct unit *units, uint64_t *ret)
{
	char *end;
	double number;

	if (text[0] < '0' || text[0] > '9')
		return -EINVAL;
	number = strtod(text, &end);
	if (end != text + strspn(text, "0123456789."))
		return -EINVAL; /* strtod also knows 0x10 and 1e3 */
	for (; units->suffix != NULL; units++) {
		if (strcasecmp(end, units->suffix) != 0)
			continue;
		number *= units->factor;
		if (!isfinite(number) || number >= 9.2e18)
			return -ERANGE;
		*ret = (uint64_t)llround(number);
		return 0;
	}
	return -EINVAL;
}

int units_count(const char *text, uint64_t *ret)
{
	unsigned long long number;
	char *end;

	if (text[0] < '0' || text[0] > '9')
		return -EINVAL;
	errno = 0;
	number = strtoull(text, &end, 10);
	if (*end != '\0')
		return -EINVAL;
	if (errno == ERANGE || number > INT64_MAX)
		return -ERANGE;
	*ret = number;
	return 0;
}

int units_bytes(const char *text, uint64_t *ret)
{
	return parse(text, size_units, ret);
}

int units_time_us(const char *text, uint64_t *ret)
{
	return parse(text, time_units, ret);
}

int units_rate(const char *text, uint64_t *ret)
{
	uint64_t rate = 0;
	int r = 0;

	if (strcmp(text, "max") != 0) {
		r = parse(text, rate_units, &rate);
		if (r == 0 && rate == 0)
			r = -ERANGE;
	}
	if (r == 0)
		*ret = rate;
	return r;
}

const char *units_bytes_text(char *buf, uint64_t bytes)
{
	static const char *const names[] = { "B", "KiB", "MiB", "GiB" };
	double number = (double)bytes;
	unsigned i = 0;

	for (; number >= 1024 && i < 3; i++)
		number /= 1024;
	snprintf(buf, UNITS_TEXT_MAX, i == 0 ? "%.0f %s" : "%.1f %s", number, names[i]);
	return buf;
}

uint64_t units_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

uint64_t units_unix_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}
