/*
 * cmd_check - limits for CI; exit status 1 when one is passed
 *
 * `--max-allocs-per MARK N` has two values, which getopt does not know: N is then the
 * first argument that is not the TARGET. MARK=N says the same in one.
 */
#include "analyzer/commands/commands.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/check/check_print.h"
#include "analyzer/console/output_file.h"
#include "analyzer/console/units.h"
#include "analyzer/profile/report.h"

struct check_command {
	struct check_limits limits;
	enum { FORMAT_TEXT, FORMAT_JSON, FORMAT_MARKDOWN } format;
	const char *baseline, *suppressions, *junit, *markdown;
	unsigned numbers_missing; /* of --max-allocs-per MARK */
	bool has_tolerance;
};

static bool set_leak(void *to, const char *value)
{
	struct check_limits *limits = to;

	limits->has_leak = units_parse_bytes(value, &limits->leak_bytes);
	return limits->has_leak;
}

static bool set_peak(void *to, const char *value)
{
	struct check_limits *limits = to;

	limits->has_peak = units_parse_bytes(value, &limits->peak_bytes);
	return limits->has_peak;
}

/* BYTES/min, and /s and /h. */
static bool set_growth(void *to, const char *value)
{
	static const struct {
		const char *unit;
		double per_min;
	} units[] = { { "min", 1 }, { "s", 60 }, { "h", 1.0 / 60 } };
	struct check_limits *limits = to;
	const char *slash = strchr(value, '/');
	char bytes[32];
	uint64_t number;

	if (slash && (size_t)(slash - value) >= sizeof(bytes))
		return false;
	snprintf(bytes, sizeof(bytes), "%.*s", slash ? (int)(slash - value) : 31, value);
	if (!units_parse_bytes(bytes, &number))
		return false;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (strcmp(slash ? slash + 1 : "min", units[i].unit) == 0) {
			limits->growth_bytes_per_min = (double)number * units[i].per_min;
			limits->has_growth = true;
		}
	return limits->has_growth;
}

static bool parse_number(const char *text, double *ret)
{
	char *end;

	*ret = strtod(text, &end);
	return end != text && !*end && isfinite(*ret) && *ret >= 0;
}

static bool set_mark(void *to, const char *value)
{
	struct check_command *wants = to;
	struct check_mark *mark = &wants->limits.marks[wants->limits.marks_count];
	const char *equals = strrchr(value, '=');

	if (wants->limits.marks_count == CHECK_MARKS_MAX || !*value)
		return false;
	*mark = (struct check_mark){ value, -1 };
	if (equals) {
		if (equals == value || !parse_number(equals + 1, &mark->allocs))
			return false;
		mark->name = strndup(value, (size_t)(equals - value));
	} else {
		wants->numbers_missing++;
	}
	wants->limits.marks_count++;
	return mark->name != NULL;
}

static bool set_tolerance(void *to, const char *value)
{
	struct check_command *wants = to;
	double number;
	char *end;

	number = strtod(value, &end);
	if (end == value || !isfinite(number) || number < 0)
		return false;
	if (strcmp(end, "%") == 0)
		number /= 100;
	else if (*end)
		return false;
	wants->limits.tolerance = number;
	wants->has_tolerance = true;
	return true;
}

static bool set_format(void *to, const char *value)
{
	struct check_command *wants = to;

	if (strcmp(value, "text") == 0)
		wants->format = FORMAT_TEXT;
	else if (strcmp(value, "json") == 0)
		wants->format = FORMAT_JSON;
	else if (strcmp(value, "markdown") == 0)
		wants->format = FORMAT_MARKDOWN;
	else
		return false;
	return true;
}

static int take_numbers(struct check_command *wants, char **arguments,
			struct fault *fault)
{
	for (unsigned i = 0; i < wants->limits.marks_count; i++) {
		struct check_mark *mark = &wants->limits.marks[i];

		if (mark->allocs >= 0)
			continue;
		if (!parse_number(*arguments, &mark->allocs))
			return fault_set(fault, FAULT_USAGE, -EINVAL,
					 "check: `%s` is no number of allocations for "
					 "--max-allocs-per %s",
					 *arguments, mark->name);
		arguments++;
	}
	return 0;
}

static int write_file(const char *path,
		      void (*print)(const struct check *, const struct audit_target *,
				    FILE *),
		      const struct check *check, const struct audit_target *target,
		      struct fault *fault)
{
	struct output_file file;
	int r;

	if (!path)
		return 0;
	r = output_file_open(path, &file, fault);
	if (r < 0)
		return r;
	print(check, target, file.stream);
	return output_file_commit(&file, fault);
}

static int show(const struct check_command *wants, const struct check *check,
		const struct audit_target *target, struct fault *fault)
{
	int r = write_file(wants->junit, check_print_junit, check, target, fault),
	    status = 0;

	if (r == 0)
		r = write_file(wants->markdown, check_print_markdown, check, target,
			       fault);
	if (r < 0)
		return fault_print(fault);
	if (wants->format == FORMAT_JSON)
		status = report_json_print(check_print_json(check, target));
	else if (wants->format == FORMAT_MARKDOWN)
		check_print_markdown(check, target, stdout);
	else
		check_print_text(check, target, stdout);
	return status == 0 && check->failed ? FAULT_VERDICT : status;
}

static int check(struct check_command *wants, const char *name)
{
	const struct audit_target_wants nothing = { 0 };
	struct audit_target target = { 0 }, baseline = { 0 };
	struct suppressions suppressions = { 0 };
	struct check result;
	struct fault fault;
	int r = suppressions_load(wants->suppressions, &suppressions, &fault), status;

	if (r == 0 && wants->baseline)
		r = audit_target_load(wants->baseline, &nothing, &baseline, &fault);
	if (r == 0 && wants->baseline)
		wants->limits.baseline = &baseline;
	if (r == 0)
		r = audit_target_load(name, &nothing, &target, &fault);
	if (r == 0)
		r = check_run(&wants->limits, &target, &suppressions, &result, &fault);
	status = r < 0 ? fault_print(&fault) : show(wants, &result, &target, &fault);
	suppressions_done(&suppressions);
	audit_target_done(&target);
	audit_target_done(&baseline);
	return status;
}

static int check_usage(const struct check_command *wants, int arguments,
		       struct fault *fault)
{
	const struct check_limits *limits = &wants->limits;

	if (arguments != (int)wants->numbers_missing + 1)
		return fault_set(fault, FAULT_USAGE, -EINVAL,
				 "check: one TARGET, and a number after each "
				 "--max-allocs-per MARK; see `heapring check --help`");
	if (!limits->has_leak && !limits->has_peak && !limits->has_growth &&
	    limits->marks_count == 0 && !wants->baseline)
		return fault_set(fault, FAULT_USAGE, -EINVAL,
				 "check: no limit is given; see `heapring check --help`");
	if (wants->has_tolerance && !wants->baseline)
		return fault_set(
			fault, FAULT_USAGE, -EINVAL,
			"check: --tolerance is of a --baseline, and there is none");
	return 0;
}

static int run(const struct command *command, int argc, char **argv)
{
	struct check_command wants = { .limits.tolerance = 0.05 };
	const struct option_spec own[] = {
		{ "max-leak", 0, "BYTES", "never freed by a process that ended", set_leak,
		  &wants.limits },
		{ "max-peak", 0, "BYTES", "highest bytes in use", set_peak,
		  &wants.limits },
		{ "max-growth", 0, "BYTES/min", "of what grows and goes on growing",
		  set_growth, &wants.limits },
		{ "max-allocs-per", 0, "MARK N",
		  "allocations between two heapring_mark(\"MARK\"), on average", set_mark,
		  &wants },
		{ "baseline", 0, "FILE", "not more than this profile", option_set_string,
		  &wants.baseline },
		{ "tolerance", 0, "PERCENT", "but so much more may be (5%)",
		  set_tolerance, &wants },
		{ "suppressions", 0, "FILE", "LeakSanitizer's file of known leaks",
		  option_set_string, &wants.suppressions },
		{ "junit", 0, "FILE", "write the results as JUnit XML", option_set_string,
		  &wants.junit },
		{ "markdown", 0, "FILE", "write the results as Markdown",
		  option_set_string, &wants.markdown },
		{ "format", 0, "text|json|markdown", "how to print", set_format, &wants },
		{ NULL },
	};
	struct options options = { .command = command,
				   .tables = { own },
				   .arguments_min = 1,
				   .arguments_max = 1 + (int)CHECK_MARKS_MAX };
	struct fault fault;
	int first, r = options_parse(&options, argc, argv, &first, &fault);

	if (r == 0 && options.help_given)
		return 0;
	if (r == 0)
		r = check_usage(&wants, argc - first, &fault);
	if (r == 0)
		r = take_numbers(&wants, argv + first, &fault);
	return r < 0 ? fault_print(&fault) : check(&wants, argv[argc - 1]);
}

const struct command cmd_check = {
	.name = "check",
	.arguments = "LIMIT... TARGET",
	.summary = "Fail a build that leaks, grows or allocates more than it may",
	.help = "Exit status 1 when a limit is passed; the stacks responsible are named. "
		"A sampled\n"
		"figure fails only when it passes its limit by more than its error. Of a "
		"process that\n"
		"lives or was killed --max-leak counts the growth of what leaks.",
	.run = run,
};
