/*
 * check_print - results of a check as text, JSON, Markdown or JUnit XML
 */
#include "analyzer/check/check_print.h"

#include <math.h>
#include <string.h>

#include "analyzer/audit/audit_stack_text.h"
#include "analyzer/console/units.h"
#include "analyzer/profile/report.h"

#define FRAMES_SHOWN 8u

static struct units_text figure(const struct check_result *result, double value)
{
	int64_t whole = (int64_t)llround(fmin(fmax(value, -9e18), 9e18));
	struct units_text text;

	if (result->is_bytes)
		return units_bytes_in(whole, NULL);
	/* allocations of a round are few, and fractions of one count */
	if (fabs(value) < 1000) {
		snprintf(text.text, sizeof(text.text), "%.4g", value);
		return text;
	}
	return units_signed_count(whole);
}

/* "max-peak: 3.00MiB (±1.00KiB), limit 2.00MiB" */
static void summary(const struct check_result *result, char *text, size_t room)
{
	char error[UNITS_TEXT + 8] = "";

	if (result->error > 0)
		snprintf(error, sizeof(error), " (±%s)",
			 figure(result, result->error).text);
	snprintf(text, room, "%s: %s%s, limit %s", result->name,
		 figure(result, result->value).text, error,
		 figure(result, result->limit).text);
}

struct frames {
	FILE *to;
	const char *before;
	unsigned shown;
	bool escapes;
};

static void put_escaped(const char *text, FILE *to)
{
	for (; *text; text++)
		switch (*text) {
		case '<':
			fputs("&lt;", to);
			break;
		case '>':
			fputs("&gt;", to);
			break;
		case '&':
			fputs("&amp;", to);
			break;
		case '"':
			fputs("&quot;", to);
			break;
		default:
			fputc((unsigned char)*text < ' ' ? '?' : *text, to);
		}
}

static void print_frame(void *arg, const struct symbol *symbol, const char *text)
{
	struct frames *frames = arg;

	(void)symbol;
	if (frames->shown++ >= FRAMES_SHOWN)
		return;
	fputs(frames->before, frames->to);
	if (frames->escapes)
		put_escaped(text, frames->to);
	else
		fputs(text, frames->to);
	fputc('\n', frames->to);
}

static void print_stacks(const struct check_result *result,
			 const struct audit_target *target, const char *before,
			 bool escapes, FILE *to)
{
	for (unsigned i = 0; i < result->stacks_count; i++) {
		struct frames frames = { to, before, 0, escapes };

		fprintf(to, "%s%s\n", before,
			figure(result, result->stacks[i].value).text);
		audit_stack_each(target->profile, target->symbols,
				 result->stacks[i].stack, print_frame, &frames);
	}
}

void check_print_text(const struct check *check, const struct audit_target *target,
		      FILE *to)
{
	char text[256];

	report_heading(target->profile, to);
	for (unsigned i = 0; i < check->count; i++) {
		const struct check_result *result = &check->results[i];

		summary(result, text, sizeof(text));
		fprintf(to, "%-5s %s; %s\n", result->passed ? "ok" : "FAIL", text,
			result->detail);
		if (!result->passed)
			print_stacks(result, target, "        ", /*escapes=*/false, to);
	}
	fprintf(to, "%u of %u checks failed\n", check->failed, check->count);
	report_coverage(target->profile, to);
}

void check_print_markdown(const struct check *check, const struct audit_target *target,
			  FILE *to)
{
	fprintf(to,
		"## Memory check: %s\n\n| check | value | limit | |\n| --- | --- | --- "
		"| --- |\n",
		check->failed ? "failed" : "passed");
	for (unsigned i = 0; i < check->count; i++) {
		const struct check_result *result = &check->results[i];

		fprintf(to, "| %s | %s | %s | %s |\n", result->name,
			figure(result, result->value).text,
			figure(result, result->limit).text,
			result->passed ? "ok" : "**failed**");
	}
	for (unsigned i = 0; i < check->count; i++) {
		const struct check_result *result = &check->results[i];

		if (result->passed)
			continue;
		fprintf(to, "\n### %s\n\n%s\n\n```\n", result->name, result->detail);
		print_stacks(result, target, "", /*escapes=*/false, to);
		fputs("```\n", to);
	}
}

void check_print_junit(const struct check *check, const struct audit_target *target,
		       FILE *to)
{
	const char *exe = strrchr(target->profile->segment->header.exe, '/');
	char text[256];

	fprintf(to, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite "
		    "name=\"heapring check ");
	put_escaped(exe ? exe + 1 : target->profile->segment->header.exe, to);
	fprintf(to, "\" tests=\"%u\" failures=\"%u\">\n", check->count, check->failed);
	for (unsigned i = 0; i < check->count; i++) {
		const struct check_result *result = &check->results[i];

		fputs("  <testcase classname=\"heapring\" name=\"", to);
		put_escaped(result->name, to);
		if (result->passed) {
			fputs("\"/>\n", to);
			continue;
		}
		summary(result, text, sizeof(text));
		fputs("\">\n    <failure message=\"", to);
		put_escaped(text, to);
		fputs("\">", to);
		put_escaped(result->detail, to);
		fputc('\n', to);
		print_stacks(result, target, "", /*escapes=*/true, to);
		fputs("</failure>\n  </testcase>\n", to);
	}
	fputs("</testsuite>\n", to);
}

static void add_frame(void *arg, const struct symbol *symbol, const char *text)
{
	(void)symbol;
	json_array_append_new(arg, report_json_text(text));
}

static json_t *result_json(const struct check_result *result,
			   const struct audit_target *target)
{
	json_t *stacks = json_array();

	for (unsigned i = 0; i < result->stacks_count; i++) {
		json_t *frames = json_array();

		audit_stack_each(target->profile, target->symbols,
				 result->stacks[i].stack, add_frame, frames);
		json_array_append_new(stacks, json_pack("{s:f, s:o}", "value",
							result->stacks[i].value, "stack",
							frames));
	}
	return json_pack("{s:o, s:b, s:f, s:f, s:f, s:s, s:o, s:o}", "check",
			 report_json_text(result->name), "passed", result->passed,
			 "value", result->value, "limit", result->limit, "error",
			 result->error, "unit", result->is_bytes ? "bytes" : "count",
			 "detail", report_json_text(result->detail), "stacks", stacks);
}

json_t *check_print_json(const struct check *check, const struct audit_target *target)
{
	json_t *object = report_json(target->profile, "check", PROFILE_INUSE_SPACE);
	json_t *rows = json_array();

	if (!object)
		return NULL;
	for (unsigned i = 0; i < check->count; i++)
		json_array_append_new(rows, result_json(&check->results[i], target));
	json_object_set_new(object, "failed", json_integer(check->failed));
	json_object_set_new(object, "rows", rows);
	return object;
}
