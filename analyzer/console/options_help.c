/*
 * options_help - the tables of a subcommand, written out
 *
 * roff: a line that begins with a dot or quote would be a request, and a
 * backslash an escape; option names need \- for a hyphen that can be copied.
 */
#include "analyzer/console/options_help.h"

#include <stdio.h>
#include <string.h>

static enum options_help_style style;

void options_help_set_style(enum options_help_style wanted)
{
	style = wanted;
}

#define LEFT 28 /* columns of the left side, without the two before it */
#define RIGHT (80 - LEFT - 3)

/* Words from the right side's first column on, which the cursor has reached. */
static void print_right(const char *text)
{
	size_t used = 0;

	while (*text) {
		size_t length = strcspn(text, " ");
		size_t skip = strspn(text + length, " ");

		if (used > 0 && used + 1 + length > RIGHT) {
			printf("\n  %-*s ", LEFT, "");
			used = 0;
		}
		printf("%s%.*s", used ? " " : "", (int)length, text);
		used += length + (used > 0);
		text += length + skip;
	}
	putchar('\n');
}

/* A wide left side gets a line of its own. */
static void print_option(const struct option_spec *spec)
{
	char letter[8] = "   ", left[160];
	bool is_long = strlen(spec->name) > 1;

	if (spec->letter)
		snprintf(letter, sizeof(letter), "-%c%s", spec->letter,
			 is_long ? "," : "");
	snprintf(left, sizeof(left), "%s%s%s%s%s", letter, is_long ? " --" : "",
		 is_long ? spec->name : "", spec->value ? " " : "",
		 spec->value ? spec->value : "");
	if (strlen(left) > LEFT)
		printf("  %s\n  %-*s ", left, LEFT, "");
	else
		printf("  %-*s ", LEFT, left);
	print_right(spec->help);
}

static void print_text(const struct command *command,
		       const struct option_spec *const *specs, int count)
{
	printf("Usage: heapring %s %s\n\n%s.\n", command->name, command->arguments,
	       command->summary);
	if (command->help)
		printf("\n%s\n", command->help);
	printf("\nOptions:\n");
	for (int i = 0; i < count; i++)
		print_option(specs[i]);
}

static void put_roff(const char *text)
{
	bool at_start = true;

	for (; *text; text++) {
		if (at_start && (*text == '.' || *text == '\''))
			fputs("\\&", stdout);
		if (*text == '\\')
			fputs("\\e", stdout);
		else if (*text == '-')
			fputs("\\-", stdout);
		else
			putchar(*text);
		at_start = *text == '\n';
	}
}

static void put_option_roff(const struct option_spec *spec)
{
	bool is_long = strlen(spec->name) > 1;

	puts(".TP");
	if (spec->letter)
		printf("\\fB\\-%c\\fR%s", spec->letter, is_long ? ", " : "");
	if (is_long) {
		fputs("\\fB\\-\\-", stdout);
		put_roff(spec->name);
		fputs("\\fR", stdout);
	}
	if (spec->value) {
		fputs(" \\fI", stdout);
		put_roff(spec->value);
		fputs("\\fR", stdout);
	}
	putchar('\n');
	put_roff(spec->help);
	putchar('\n');
}

static void print_man(const struct command *command,
		      const struct option_spec *const *specs, int count)
{
	printf(".TH heapring\\-%s 1 \"\" \"heapring " HEAPRING_RELEASE "\"\n.SH NAME\n"
	       "heapring\\-%s \\- ",
	       command->name, command->name);
	put_roff(command->summary);
	printf("\n.SH SYNOPSIS\n.B heapring %s\n", command->name);
	put_roff(command->arguments);
	puts("\n.SH DESCRIPTION");
	put_roff(command->help ? command->help : command->summary);
	puts("\n.SH OPTIONS");
	for (int i = 0; i < count; i++)
		put_option_roff(specs[i]);
	puts(".SH EXIT STATUS\n0 fine, 1 a check failed, 2 usage, 3 unreadable or "
	     "damaged input, 4 the target\ncannot be profiled.\n"
	     ".SH SEE ALSO\n.BR heapring (1)");
}

static void print_list(const struct option_spec *const *specs, int count)
{
	for (int i = 0; i < count; i++)
		printf("%s\t%c\t%s\t%s\n", specs[i]->name,
		       specs[i]->letter ? specs[i]->letter : '-',
		       specs[i]->value ? specs[i]->value : "-", specs[i]->help);
}

void options_help_print(const struct command *command,
			const struct option_spec *const *specs, int count)
{
	if (style == OPTIONS_HELP_MAN)
		print_man(command, specs, count);
	else if (style == OPTIONS_HELP_LIST)
		print_list(specs, count);
	else
		print_text(command, specs, count);
}
