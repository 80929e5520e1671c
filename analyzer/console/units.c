/*
 * units - sizes, counts and times for people
 *
 * Sizes are powers of 1024 and say so (KiB); counts are powers of 1000.
 */
#include "analyzer/console/units.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static struct units_text scaled(double value, double base, const char *const *names)
{
	struct units_text out;
	int unit = 0;

	while (value >= base * 0.99995 && names[unit + 1]) {
		value /= base;
		unit++;
	}
	if (unit == 0)
		snprintf(out.text, sizeof(out.text), "%.0f%s", value, names[unit]);
	else
		snprintf(out.text, sizeof(out.text), "%.*f%s",
			 value < 9.995   ? 2
			 : value < 99.95 ? 1
					 : 0,
			 value, names[unit]);
	return out;
}

struct units_text units_bytes(uint64_t bytes)
{
	static const char *const names[] = { "B",   "KiB", "MiB", "GiB",
					     "TiB", "PiB", "EiB", NULL };

	return scaled((double)bytes, 1024, names);
}

struct units_text units_count(uint64_t count)
{
	static const char *const names[] = { "", "k", "M", "G", "T", "P", "E", NULL };

	return scaled((double)count, 1000, names);
}

/* The noun's plural goes with every figure but 1 and -1. */
static struct units_text with_noun(struct units_text figure, bool is_one, const char *one)
{
	struct units_text out;
	const char *hiss = one[0] && one[strlen(one) - 1] == 's' ? "es" : "s";

	snprintf(out.text, sizeof(out.text), "%.7s %.13s%s", figure.text, one,
		 is_one ? "" : hiss);
	return out;
}

struct units_text units_counted(uint64_t count, const char *one)
{
	return with_noun(units_count(count), count == 1, one);
}

bool units_size(const char *unit, uint64_t *ret_bytes)
{
	static const struct {
		const char *name;
		uint64_t bytes;
	} sizes[] = { { "B", 1 },
		      { "KiB", 1ull << 10 },
		      { "MiB", 1ull << 20 },
		      { "GiB", 1ull << 30 },
		      { "TiB", 1ull << 40 },
		      { "kB", 1000 },
		      { "MB", 1000000 },
		      { "GB", 1000000000 },
		      { "TB", 1000000000000 } };

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		if (strcasecmp(unit, sizes[i].name) != 0)
			continue;
		*ret_bytes = sizes[i].bytes;
		return true;
	}
	return false;
}

static uint64_t size_of(int64_t value)
{
	return value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
}

static struct units_text with_sign(int64_t value, struct units_text text)
{
	struct units_text out;

	if (value >= 0)
		return text;
	snprintf(out.text, sizeof(out.text), "-%.*s", UNITS_TEXT - 2, text.text);
	return out;
}

struct units_text units_bytes_in(int64_t bytes, const char *unit)
{
	struct units_text out;
	uint64_t size;

	if (!unit || !units_size(unit, &size))
		return with_sign(bytes, units_bytes(size_of(bytes)));
	snprintf(out.text, sizeof(out.text), size == 1 ? "%.0f%s" : "%.2f%s",
		 (double)bytes / (double)size, unit);
	return out;
}

struct units_text units_signed_count(int64_t count)
{
	struct units_text out;

	if (size_of(count) >= 100000)
		return with_sign(count, units_count(size_of(count)));
	snprintf(out.text, sizeof(out.text), "%lld", (long long)count);
	return out;
}

struct units_text units_signed_counted(int64_t count, const char *one)
{
	return with_noun(units_signed_count(count), count == 1 || count == -1, one);
}

struct units_text units_percent(double part, double whole)
{
	struct units_text out;
	double percent = whole > 0 ? 100.0 * part / whole : 0;

	if (percent > 99999)
		percent = 99999;
	if (percent < -99999)
		percent = -99999;
	snprintf(out.text, sizeof(out.text), percent >= 99.995 ? "%.0f%%" : "%.2f%%",
		 percent);
	return out;
}

struct units_text units_age(uint64_t ns)
{
	unsigned long long s = ns / 1000000000u;
	struct units_text out;

	if (s < 60)
		snprintf(out.text, sizeof(out.text), "%llus", s);
	else if (s < 3600)
		snprintf(out.text, sizeof(out.text), "%llum%02llus", s / 60, s % 60);
	else if (s < 86400)
		snprintf(out.text, sizeof(out.text), "%lluh%02llum", s / 3600,
			 s / 60 % 60);
	else
		snprintf(out.text, sizeof(out.text), "%llud%02lluh", s / 86400,
			 s / 3600 % 24);
	return out;
}

static bool parse_number(const char *text, double *ret_value, const char **ret_unit)
{
	char *end;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	*ret_value = strtod(text, &end);
	*ret_unit = end;
	return errno == 0 && strcspn(text, "xXpPeE") >= (size_t)(end - text);
}

bool units_parse_bytes(const char *text, uint64_t *ret_bytes)
{
	static const char letters[] = "KMGT";
	const char *unit, *letter;
	double value;

	if (!parse_number(text, &value, &unit))
		return false;
	letter = *unit ? strchr(letters, *unit & ~0x20) : NULL;
	for (const char *l = letters; letter && l <= letter; l++)
		value *= 1024;
	if (letter)
		unit++;
	if (*unit && strcasecmp(unit, "b") != 0 &&
	    (!letter || (strcasecmp(unit, "ib") != 0 && strcasecmp(unit, "i") != 0)))
		return false;
	if (value >= 9.2e18)
		return false;
	*ret_bytes = (uint64_t)value;
	return true;
}

bool units_parse_age(const char *text, uint64_t *ret_ns)
{
	static const struct {
		const char *name;
		double seconds;
	} units[] = { { "", 1 },   { "ms", 1e-3 }, { "s", 1 },
		      { "m", 60 }, { "h", 3600 },  { "d", 86400 } };
	const char *unit;
	double value;

	if (!parse_number(text, &value, &unit))
		return false;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (strcmp(unit, units[i].name) != 0)
			continue;
		value *= units[i].seconds * 1e9;
		if (value >= 9.2e18)
			return false;
		*ret_ns = (uint64_t)value;
		return true;
	}
	return false;
}
