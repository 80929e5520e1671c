/*
 * test_text_wrap - the contract in analyzer/console/text_wrap.h, one test per sentence
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <stdlib.h>

#include "analyzer/console/text_wrap.h"

static void expect(const char *text, size_t indent, size_t columns, const char *wanted)
{
	char *printed = NULL;
	size_t length;
	FILE *to = open_memstream(&printed, &length);

	text_wrap(text, indent, columns, to);
	fclose(to);
	cr_expect(eq(str, printed, (char *)wanted));
	free(printed);
}

Test(text_wrap, lines_break_at_blanks_and_go_on_where_the_text_began)
{
	expect("one two three four five six seven", 4, 28,
	       "one two three four five\n    six seven");
	expect("exactly twenty-four wide and more", 0, 24,
	       "exactly twenty-four wide\nand more");
}

Test(text_wrap, width_is_counted_in_code_points)
{
	expect("größer als möglich wäre das für", 0, 31,
	       "größer als möglich wäre das für");
}

Test(text_wrap, a_long_word_stays_whole)
{
	expect("see a_name_that_is_much_longer_than_a_line for more", 0, 24,
	       "see\na_name_that_is_much_longer_than_a_line\nfor more");
}

Test(text_wrap, a_command_stays_whole)
{
	const char *command =
		"heapring threads 12   # who created them, and why they wait";

	expect(command, 4, 40, command);
}

Test(text_wrap, nothing_breaks_without_a_terminal_or_room)
{
	const char *text = "some words that would be broken into several lines";

	expect(text, 4, 0, text);
	expect(text, 20, 40, text);
}

Test(text_wrap, an_empty_text_is_nothing)
{
	expect("", 4, 80, "");
}
