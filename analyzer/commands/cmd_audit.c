/*
 * cmd_audit - leak, storm or neither, where, how long, what to do
 *
 * The work is in audit.h; here are the options, the exit status and the base: what a
 * known profile had too is no news and fails nothing.
 */
#include "analyzer/commands/commands.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "analyzer/audit/audit_print.h"
#include "analyzer/audit/audit_target.h"
#include "analyzer/console/pager.h"
#include "analyzer/console/units.h"
#include "analyzer/profile/report.h"

#define DURATION_MAX_S 86400.0
#define NEWS_FACTOR 1.2 /* over the base's rate: worse than before */

enum audit_format {
	FORMAT_TEXT,
	FORMAT_JSON,
	FORMAT_MARKDOWN,
};

struct audit_command {
	enum audit_format format;
	bool fails_on[AUDIT_VERDICTS];
	double min_confidence;
	const char *base;
	struct audit_target_wants wants;
};

static bool set_format(void *to, const char *value)
{
	static const char *const names[] = { "text", "json", "markdown" };

	for (int i = 0; i < 3; i++)
		if (strcmp(value, names[i]) == 0) {
			*(enum audit_format *)to = (enum audit_format)i;
			return true;
		}
	return false;
}

static bool set_fail_on(void *to, const char *value)
{
	char name[32];

	while (*value) {
		size_t length = strcspn(value, ",");
		enum audit_verdict verdict;

		if (length == 0 || length >= sizeof(name))
			return false;
		memcpy(name, value, length);
		name[length] = '\0';
		if (!audit_verdict_parse(name, &verdict))
			return false;
		((bool *)to)[verdict] = true;
		value += length + (value[length] == ',');
	}
	return true;
}

static bool set_duration(void *to, const char *value)
{
	uint64_t ns;

	if (!units_parse_age(value, &ns) || (double)ns / 1e9 > DURATION_MAX_S)
		return false;
	*(double *)to = (double)ns / 1e9;
	return true;
}

static bool set_share(void *to, const char *value)
{
	char extra;

	return sscanf(value, "%lf%c", (double *)to, &extra) == 1 && *(double *)to >= 0 &&
	       *(double *)to <= 1;
}

/* The base had the same, and not much slower. */
static bool is_known(const struct audit_finding *finding, const struct audit *base)
{
	for (size_t i = 0; i < base->findings_count; i++) {
		const struct audit_finding *before = &base->findings[i];
		bool same = before->verdict == finding->verdict &&
			    strcmp(before->function, finding->function) == 0;
		double rate = finding->verdict == AUDIT_STORM ? finding->allocs_per_s
							      : finding->rate_bytes_per_s;
		double old = before->verdict == AUDIT_STORM ? before->allocs_per_s
							    : before->rate_bytes_per_s;

		if (same && rate <= old * NEWS_FACTOR)
			return true;
	}
	return false;
}

static bool is_failure(const struct audit_command *wants, const struct audit *audit,
		       const struct audit *base)
{
	if (wants->fails_on[audit->verdict] &&
	    audit->confidence >= wants->min_confidence &&
	    !(base && (audit->has_site ? is_known(&audit->findings[0], base)
				       : base->verdict == audit->verdict)))
		return true;
	for (size_t i = 1; i < audit->findings_count; i++) {
		const struct audit_finding *finding = &audit->findings[i];

		if (wants->fails_on[finding->verdict] &&
		    finding->confidence >= wants->min_confidence &&
		    !(base && is_known(finding, base)))
			return true;
	}
	return false;
}

static void say_base(const struct audit *audit, const struct audit *base, FILE *to)
{
	bool known = audit->has_site && is_known(&audit->findings[0], base);

	fprintf(to, "\nbase: %s, confidence %.2f%s%s; %s\n",
		audit_verdict_name(base->verdict), base->confidence,
		base->has_site ? " in " : "",
		base->has_site ? base->findings[0].function : "",
		known                             ? "this is known"
		: audit->verdict == base->verdict ? "the same verdict"
						  : "this is new");
}

static int print(const struct audit_command *wants, const struct audit_target *target,
		 const struct audit_target *base)
{
	const struct audit_printed printed = { target->audit, target->profile,
					       target->symbols };
	const struct audit_printed of_base = { base ? base->audit : NULL,
					       base ? base->profile : NULL,
					       base ? base->symbols : NULL };
	json_t *object;

	switch (wants->format) {
	case FORMAT_JSON:
		object = audit_print_json(&printed);
		if (object && base)
			json_object_set_new(object, "base", audit_print_json(&of_base));
		return report_json_print(object);
	case FORMAT_MARKDOWN:
		audit_print_markdown(&printed, stdout);
		break;
	default:
		pager_begin();
		audit_print_text(&printed, stdout);
		break;
	}
	if (base)
		say_base(target->audit, base->audit, stdout);
	return 0;
}

static int audit(const struct audit_command *wants, const char *name)
{
	const struct audit_target_wants no_wants = { 0 };
	struct audit_target target = { 0 }, base = { 0 };
	struct fault fault;
	int r = 0, status;

	if (wants->base)
		r = audit_target_load(wants->base, &no_wants, &base, &fault);
	if (r == 0)
		r = audit_target_load(name, &wants->wants, &target, &fault);
	if (r < 0) {
		status = fault_print(&fault);
	} else {
		status = print(wants, &target, wants->base ? &base : NULL);
		if (status == 0 && is_failure(wants, target.audit, base.audit))
			status = FAULT_VERDICT;
	}
	audit_target_done(&target);
	audit_target_done(&base);
	return status;
}

static int run(const struct command *command, int argc, char **argv)
{
	struct audit_command wants = { .min_confidence = 0.5 };
	const struct option_spec own[] = {
		{ "format", 0, "text|json|markdown", "how to print", set_format,
		  &wants.format },
		{ "fail-on", 0, "VERDICT,...",
		  "exit with 1 for these: leak, storm, sawtooth, warming, fragmentation, "
		  "thread_leak, steady",
		  set_fail_on, wants.fails_on },
		{ "min-confidence", 0, "0..1", "what --fail-on needs at least (0.5)",
		  set_share, &wants.min_confidence },
		{ "duration", 0, "TIME", "watch a live process for so long first, as 30s",
		  set_duration, &wants.wants.duration_s },
		{ "metrics", 0, "URL",
		  "queue lengths, utilisation and lag from a Prometheus endpoint",
		  option_set_string, &wants.wants.metrics_url },
		{ "base", 0, "TARGET",
		  "what this profile had too is known: fails nothing", option_set_string,
		  &wants.base },
		{ NULL },
	};
	struct options options = { .command = command,
				   .tables = { own },
				   .arguments_min = 1,
				   .arguments_max = 1 };
	int first, status;

	return options_ready(&options, argc, argv, &first, &status)
		       ? audit(&wants, argv[first])
		       : status;
}

const struct command cmd_audit = {
	.name = "audit",
	.arguments = "[OPTION...] TARGET",
	.summary = "Leak, storm or neither: where, how long, what to do",
	.help = "One verdict with its evidence: steady, leak, storm, sawtooth, warming,\n"
		"fragmentation or thread_leak. It is drawn from the history that the "
		"program itself\n"
		"keeps, so it works on a process that ended or was killed as well; what "
		"is "
		"resident,\n"
		"and how long the memory limit is away, only of one that lives. "
		"Confidence "
		"below\n"
		"0.5 means that the run was too short to tell.",
	.run = run,
};
