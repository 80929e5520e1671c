/*
 * audit_print - a verdict as text, JSON or Markdown
 */
#include "analyzer/audit/audit_print.h"

#include <math.h>
#include <string.h>

#include "analyzer/audit/audit_stack_text.h"
#include "analyzer/console/name_fit.h"
#include "analyzer/console/pager.h"
#include "analyzer/console/text_wrap.h"
#include "analyzer/console/units.h"
#include "analyzer/profile/report.h"
#include "analyzer/views/thread_routine.h"
#include "analyzer/views/view_output.h"

#define FRAMES_SHOWN 12u
#define OTHERS_SHOWN 11u
#define STEP_COLUMNS 26

static struct units_text bytes(double value)
{
	return units_bytes_in((int64_t)fmin(fmax(value, -9e18), 9e18), NULL);
}

static bool is_growth(const struct audit *audit)
{
	return audit->verdict == AUDIT_LEAK || audit->verdict == AUDIT_THREAD_LEAK ||
	       audit->verdict == AUDIT_WARMING;
}

/* Their bytes are crumbs beside the threads themselves. */
static int threads_text(const struct audit *audit, char *text, size_t room)
{
	double a_minute = audit->threads_per_s * 60;
	char alive[48] = "";

	if (audit->threads_alive >= 0)
		snprintf(alive, sizeof(alive), ", %s alive",
			 units_signed_count((int64_t)audit->threads_alive).text);
	if (a_minute < 10)
		return snprintf(text, room, ", %.2g threads a minute%s", a_minute, alive);
	return snprintf(text, room, ", %s threads a minute%s",
			units_count((uint64_t)round(a_minute)).text, alive);
}

static void headline(const struct audit *audit, char *text, size_t room)
{
	int used = snprintf(text, room, "%s%s",
			    audit->history_full ? "history too small to tell; at a guess "
			    : audit->too_short  ? "too short to tell; at a guess "
						: "",
			    audit_verdict_name(audit->verdict));

	if (is_growth(audit) && audit->growth != AUDIT_GROWTH_NONE)
		used += snprintf(text + used, room - (size_t)used, " (%s)",
				 audit_growth_name(audit->growth));
	used += snprintf(text + used, room - (size_t)used, ", confidence %.2f",
			 audit->confidence);
	if (audit->verdict == AUDIT_THREAD_LEAK)
		used += threads_text(audit, text + used, room - (size_t)used);
	else if (audit->verdict == AUDIT_LEAK)
		used += snprintf(text + used, room - (size_t)used, ", %s a minute",
				 bytes(audit->rate_bytes_per_s * 60).text);
	if (audit->eta_to_limit_s >= 0)
		snprintf(text + used, room - (size_t)used, ", at the memory limit in %s",
			 units_age((uint64_t)(audit->eta_to_limit_s * 1e9)).text);
}

static void culprit_text(const struct audit_finding *finding, char *text, size_t room)
{
	const char *base = finding->file ? strrchr(finding->file, '/') : NULL;

	base = base ? base + 1 : finding->file;
	if (base && finding->line)
		snprintf(text, room, "%s  %s:%u", finding->function, base, finding->line);
	else
		snprintf(text, room, "%s  [%s]", finding->function, finding->module);
	for (char *c = text; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 127)
			*c = '?';
}

struct lines_to {
	FILE *to;
	const char *before;
	size_t columns; /* of a terminal, 0: none */
	unsigned shown;
};

static void print_frame(void *arg, const struct symbol *symbol, const char *text)
{
	struct lines_to *lines = arg;
	size_t before = strlen(lines->before);
	char fitted[1024];

	(void)symbol;
	if (lines->shown++ >= FRAMES_SHOWN)
		return;
	if (lines->columns > before) {
		name_fit(text, lines->columns - before, fitted, sizeof(fitted));
		text = fitted;
	}
	fprintf(lines->to, "%s%s\n", lines->before, text);
}

static void print_stack(const struct audit_printed *printed, const char *before,
			size_t columns, FILE *to)
{
	struct lines_to lines = { to, before, columns, 0 };

	audit_stack_each(printed->profile, printed->symbols,
			 printed->audit->findings[0].stack, print_frame, &lines);
	if (lines.shown > FRAMES_SHOWN)
		fprintf(to, "%s... %s more\n", before,
			units_counted(lines.shown - FRAMES_SHOWN, "frame").text);
}

static void print_lines(const struct audit_lines *lines, const char *before,
			size_t columns, FILE *to)
{
	for (unsigned i = 0; i < lines->count; i++) {
		fputs(before, to);
		text_wrap(lines->line[i], strlen(before), columns, to);
		fputc('\n', to);
	}
}

static void print_others(const struct audit_printed *printed, const char *before,
			 FILE *to)
{
	const struct audit *audit = printed->audit;
	double rate = 0; /* of those that are not shown one by one */
	char text[1200];

	for (size_t i = 1; i < audit->findings_count; i++) {
		if (i > OTHERS_SHOWN) {
			rate += audit->findings[i].rate_bytes_per_s;
			continue;
		}
		culprit_text(&audit->findings[i], text, sizeof(text));
		fprintf(to, "%s%s: %s, %s a minute\n", before,
			audit_verdict_name(audit->findings[i].verdict), text,
			bytes(audit->findings[i].rate_bytes_per_s * 60).text);
	}
	if (audit->findings_count > 1 + OTHERS_SHOWN)
		fprintf(to, "%s%s, %s a minute in all\n", before,
			units_counted(audit->findings_count - 1 - OTHERS_SHOWN,
				      "more function")
				.text,
			bytes(rate * 60).text);
}

static void print_culprit(const struct audit_printed *printed, size_t columns, FILE *to)
{
	char text[1200];

	culprit_text(&printed->audit->findings[0], text, sizeof(text));
	fputs("\nculprit: ", to);
	text_wrap(text, strlen("culprit: "), columns, to);
	fputc('\n', to);
	print_stack(printed, "    ", columns, to);
	print_others(printed, "also ", to);
}

static void print_steps(const struct audit *audit, size_t columns, FILE *to)
{
	for (unsigned i = 0; i < AUDIT_STEPS; i++) {
		fprintf(to, "  %u %-*s", i + 1, STEP_COLUMNS, audit->steps[i].step);
		text_wrap(audit->steps[i].finding, 4 + STEP_COLUMNS, columns, to);
		fputc('\n', to);
	}
}

void audit_print_text(const struct audit_printed *printed, FILE *to)
{
	const struct audit *audit = printed->audit;
	size_t columns = to == stdout ? pager_columns() : 0;
	char text[1200];

	report_heading(printed->profile, to);
	headline(audit, text, sizeof(text));
	fputs("verdict: ", to);
	text_wrap(text, strlen("verdict: "), columns, to);
	fputc('\n', to);
	if (audit->has_site)
		print_culprit(printed, columns, to);
	fputs("\nevidence\n", to);
	print_lines(&audit->evidence, "  - ", columns, to);
	if (audit->advice.count) {
		fputs("\nadvice\n", to);
		print_lines(&audit->advice, "  - ", columns, to);
	}
	fputs("\ncheck list\n", to);
	print_steps(audit, columns, to);
	report_coverage(printed->profile, to);
}

/* Names of functions may hold what Markdown takes for markup. */
static void print_code(const char *text, FILE *to)
{
	fputs("`` ", to);
	for (; *text; text++)
		fputc(*text == '`' ? '\'' : *text, to);
	fputs(" ``", to);
}

void audit_print_markdown(const struct audit_printed *printed, FILE *to)
{
	const struct audit *audit = printed->audit;
	char text[1200];

	headline(audit, text, sizeof(text));
	fprintf(to, "## Memory audit: %s\n\n", text);
	if (audit->has_site) {
		culprit_text(&audit->findings[0], text, sizeof(text));
		fputs("Culprit: ", to);
		print_code(text, to);
		fputs("\n\n```\n", to);
		print_stack(printed, "", /*columns=*/0, to);
		fputs("```\n\n", to);
	}
	fputs("### Evidence\n\n", to);
	print_lines(&audit->evidence, "- ", /*columns=*/0, to);
	fputs("\n### Advice\n\n", to);
	print_lines(&audit->advice, "- ", /*columns=*/0, to);
	print_others(printed, "- also ", to);
	fputs("\n### Check list\n\n| step | finding |\n| --- | --- |\n", to);
	for (unsigned i = 0; i < AUDIT_STEPS; i++) {
		fprintf(to, "| %s | ", audit->steps[i].step);
		for (const char *c = audit->steps[i].finding; *c; c++)
			fputs(*c == '|' ? "\\|" : (char[]){ *c, '\0' }, to);
		fputs(" |\n", to);
	}
}

static void add_frame(void *arg, const struct symbol *symbol, const char *text)
{
	struct place place = { symbol->function, symbol->file, symbol->module,
			       symbol->line };

	(void)text;
	json_array_append_new(arg, view_json_place(&place));
}

static json_t *routine_json(const struct symbol *routine)
{
	struct place place;

	if (!routine)
		return json_null();
	place = thread_routine_place(routine);
	return view_json_place(&place);
}

static json_t *number(double value)
{
	return isfinite(value) ? json_real(value) : json_null();
}

static json_t *finding_json(const struct audit_printed *printed,
			    const struct audit_finding *finding)
{
	json_t *stack = json_array();

	audit_stack_each(printed->profile, printed->symbols, finding->stack, add_frame,
			 stack);
	return json_pack(
		"{s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, "
		"s:o}",
		"verdict", audit_verdict_name(finding->verdict), "growth",
		audit_growth_name(finding->growth), "pattern",
		audit_pattern_name(finding->pattern), "confidence",
		number(finding->confidence), "function",
		report_json_text(finding->function), "file",
		finding->file ? report_json_text(finding->file) : json_null(), "line",
		finding->line ? json_integer(finding->line) : json_null(), "module",
		report_json_text(finding->module), "stack", stack, "rate_bytes_per_s",
		number(finding->rate_bytes_per_s), "allocs_per_s",
		number(finding->allocs_per_s), "alloc_bytes_per_s",
		number(finding->alloc_bytes_per_s), "live_bytes",
		number(finding->live_bytes), "temporary_share",
		number(finding->temporary), "freed_share", number(finding->freed));
}

static json_t *lines_json(const struct audit_lines *lines)
{
	json_t *array = json_array();

	for (unsigned i = 0; i < lines->count; i++)
		json_array_append_new(array, report_json_text(lines->line[i]));
	return array;
}

static json_t *steps_json(const struct audit *audit)
{
	json_t *array = json_array();

	for (unsigned i = 0; i < AUDIT_STEPS; i++)
		json_array_append_new(array,
				      json_pack("{s:s, s:o, s:b}", "step",
						audit->steps[i].step, "finding",
						report_json_text(audit->steps[i].finding),
						"known", audit->steps[i].is_known));
	return array;
}

json_t *audit_print_json(const struct audit_printed *printed)
{
	const struct audit *audit = printed->audit;
	json_t *object = report_json(printed->profile, "audit", PROFILE_INUSE_SPACE);
	json_t *findings = json_array();

	if (!object)
		return NULL;
	for (size_t i = 0; i < audit->findings_count; i++)
		json_array_append_new(findings,
				      finding_json(printed, &audit->findings[i]));
	json_object_update_new(
		object,
		json_pack("{s:s, s:s, s:s, s:o, s:b, s:b, s:o, s:o, s:o, s:o, s:o, s:o, "
			  "s:o, "
			  "s:o, s:o, s:o, s:I}",
			  "verdict", audit_verdict_name(audit->verdict), "growth",
			  audit_growth_name(audit->growth), "pattern",
			  audit_pattern_name(audit->pattern), "confidence",
			  number(audit->confidence), "too_short", audit->too_short,
			  "history_full", audit->history_full, "site",
			  audit->has_site ? json_incref(json_array_get(findings, 0))
					  : json_null(),
			  "rate_bytes_per_s", number(audit->rate_bytes_per_s),
			  "all_bytes_per_s", number(audit->all_bytes_per_s),
			  "threads_per_s",
			  audit->verdict == AUDIT_THREAD_LEAK
				  ? number(audit->threads_per_s)
				  : json_null(),
			  "threads_alive",
			  audit->threads_alive >= 0 ? number(audit->threads_alive)
						    : json_null(),
			  "thread_routine", routine_json(audit->thread_routine),
			  "eta_to_limit_s",
			  audit->eta_to_limit_s >= 0 ? number(audit->eta_to_limit_s)
						     : json_null(),
			  "doubling_s",
			  audit->doubling_s > 0 ? number(audit->doubling_s) : json_null(),
			  "period_s",
			  audit->period_s > 0 ? number(audit->period_s) : json_null(),
			  "window_s",
			  json_pack("[f, f]", audit->window_from_s, audit->window_to_s),
			  "slices", (json_int_t)audit->slices));
	json_object_set_new(object, "evidence", lines_json(&audit->evidence));
	json_object_set_new(object, "advice", lines_json(&audit->advice));
	json_object_set_new(object, "checklist", steps_json(audit));
	json_object_set_new(object, "findings", findings);
	return object;
}
