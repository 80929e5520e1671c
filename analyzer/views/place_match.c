/*
 * place_match - the places that a regular expression of the command line names
 */
#include "analyzer/views/place_match.h"

#include <errno.h>
#include <regex.h>
#include <stdlib.h>

static bool matches(const regex_t *re, const struct place *place)
{
	return regexec(re, place->function, 0, NULL, 0) == 0 ||
	       (place->file && regexec(re, place->file, 0, NULL, 0) == 0) ||
	       regexec(re, place->module, 0, NULL, 0) == 0;
}

int place_match(const struct place_table *places, const char *expression,
		bool **ret_matches, struct fault *fault)
{
	uint32_t count = place_table_count(places);
	bool *flags;
	regex_t re;

	if (regcomp(&re, expression, REG_EXTENDED | REG_NOSUB) != 0)
		return fault_set(fault, FAULT_USAGE, -EINVAL,
				 "`%s` is no regular expression", expression);
	flags = calloc((size_t)count + 1, sizeof(*flags));
	for (uint32_t i = 0; flags && i < count; i++)
		flags[i] = matches(&re, place_table_get(places, i));
	regfree(&re);
	if (!flags)
		return fault_set(fault, FAULT_INPUT, -ENOMEM,
				 "out of memory for the view");
	*ret_matches = flags;
	return 0;
}
