/*
 * options - what a subcommand understands, said once
 *
 * getopt_long does the walking and permuting; its own messages are turned off,
 * because it prints the program's name twice and does not exit with 2.
 */
#include "analyzer/console/options.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/console/options_help.h"

#define SPECS_MAX 64

struct spec_list {
	const struct option_spec *specs[SPECS_MAX];
	int count;
};

static const struct option_spec help_spec = { "help", 'h', NULL, "print this and exit",
					      NULL,   NULL };

static void gather(const struct options *options, struct spec_list *list)
{
	list->count = 0;
	for (int t = 0; t < OPTIONS_TABLES_MAX && options->tables[t]; t++)
		for (const struct option_spec *spec = options->tables[t]; spec->name;
		     spec++)
			if (list->count < SPECS_MAX - 1)
				list->specs[list->count++] = spec;
	list->specs[list->count++] = &help_spec;
}

static const struct option_spec *find_letter(const struct spec_list *list, int letter)
{
	for (int i = 0; i < list->count; i++)
		if (list->specs[i]->letter == letter)
			return list->specs[i];
	return NULL;
}

static int usage(const struct options *options, struct fault *fault, const char *what,
		 const char *which)
{
	return fault_set(fault, FAULT_USAGE, -EINVAL,
			 "%s: %s%s; see `heapring %s --help`", options->command->name,
			 what, which, options->command->name);
}

/* Letters for short options, 256 + number for long ones without a letter. */
static void fill_getopt(const struct options *options, const struct spec_list *list,
			char *letters, struct option *longs)
{
	*letters++ = options->stop_at_argument ? '+' : ':';
	if (options->stop_at_argument)
		*letters++ = ':';
	for (int i = 0; i < list->count; i++) {
		const struct option_spec *spec = list->specs[i];

		longs[i] = (struct option){ spec->name,
					    spec->value ? required_argument : no_argument,
					    NULL, 256 + i };
		if (!spec->letter)
			continue;
		*letters++ = spec->letter;
		if (spec->value)
			*letters++ = ':';
	}
	*letters = '\0';
	memset(&longs[list->count], 0, sizeof(*longs));
}

static int apply(struct options *options, const struct spec_list *list,
		 const struct option_spec *spec, struct fault *fault)
{
	char what[256];

	if (spec == &help_spec) {
		options_help_print(options->command, list->specs, list->count);
		options->help_given = true;
		return 0;
	}
	if (spec->set(spec->to, optarg))
		return 0;
	snprintf(what, sizeof(what), "`%s` is no value for %s%s; it takes %s",
		 optarg ? optarg : "", strlen(spec->name) > 1 ? "--" : "-", spec->name,
		 spec->value ? spec->value : "none");
	return usage(options, fault, what, "");
}

static int check_arguments(const struct options *options, int count, struct fault *fault)
{
	char what[64];

	if (count < options->arguments_min)
		return usage(options, fault,
			     "an argument is missing: ", options->command->arguments);
	if (options->arguments_max >= 0 && count > options->arguments_max) {
		snprintf(what, sizeof(what), "%d arguments are too many: ", count);
		return usage(options, fault, what, options->command->arguments);
	}
	return 0;
}

int options_parse(struct options *options, int argc, char **argv, int *ret_first,
		  struct fault *fault)
{
	struct option longs[SPECS_MAX + 1];
	char letters[SPECS_MAX * 2 + 4];
	struct spec_list list;
	int c, r = 0;

	gather(options, &list);
	fill_getopt(options, &list, letters, longs);
	opterr = 0;
	optind = 0; /* reads the '+' anew */
	while (r == 0 && !options->help_given &&
	       (c = getopt_long(argc, argv, letters, longs, NULL)) != -1) {
		if (c == '?' || c == ':')
			return usage(options, fault,
				     c == ':' ? "a value is missing after "
					      : "unknown or ambiguous option ",
				     argv[optind > 0 ? optind - 1 : 0]);
		r = apply(options, &list,
			  c >= 256 ? list.specs[c - 256] : find_letter(&list, c), fault);
	}
	if (r == 0 && !options->help_given)
		r = check_arguments(options, argc - optind, fault);
	*ret_first = optind;
	return r;
}

bool options_ready(struct options *options, int argc, char **argv, int *ret_first,
		   int *ret_status)
{
	struct fault fault;

	*ret_status = 0;
	if (options_parse(options, argc, argv, ret_first, &fault) < 0)
		*ret_status = fault_print(&fault);
	return *ret_status == 0 && !options->help_given;
}

bool option_set_true(void *to, const char *value)
{
	*(bool *)to = true;
	return true;
}

bool option_set_string(void *to, const char *value)
{
	*(const char **)to = value;
	return true;
}

bool option_set_json(void *to, const char *value)
{
	*(bool *)to = strcmp(value, "json") == 0;
	return *(bool *)to || strcmp(value, "text") == 0;
}

bool option_set_count(void *to, const char *value)
{
	char *end;
	long count;

	errno = 0;
	count = strtol(value, &end, 10);
	if (errno || end == value || *end || count < 0)
		return false;
	*(long *)to = count;
	return true;
}
