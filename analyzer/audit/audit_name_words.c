/*
 * audit_name_words - does the name of a function or a file say one of these words?
 */
#include "analyzer/audit/audit_name_words.h"

#include <ctype.h>
#include <stddef.h>
#include <string.h>

#define NAME_MAX_CHARS 160u
#define LETTERS_TO_INFLECT 4u

/* In small letters, with `_` before each capital: retryAll is retry_all. */
static void simplify(const char *name, char *out, size_t room)
{
	size_t at = 0;

	for (; *name && at + 2 < room; name++) {
		if (isupper((unsigned char)*name) && at > 0 &&
		    islower((unsigned char)name[-1]))
			out[at++] = '_';
		out[at++] = (char)tolower((unsigned char)*name);
	}
	out[at] = '\0';
}

static size_t letters(const char *text)
{
	size_t count = 0;

	while (isalpha((unsigned char)text[count]))
		count++;
	return count;
}

/* Does the word end here, or with what makes a plural or a form of a verb of it? */
static bool ends(const char *rest, size_t length)
{
	static const char *const more[] = { "s",  "es", "d",   "ed", "r",
					    "er", "rs", "ers", "ing" };
	size_t count = letters(rest);

	for (size_t i = 0;
	     length >= LETTERS_TO_INFLECT && i < sizeof(more) / sizeof(*more); i++)
		if (count == strlen(more[i]) && strncmp(rest, more[i], count) == 0)
			return true;
	return count == 0;
}

static bool has_word(const char *text, const char *word, bool ends_longer)
{
	size_t length = strlen(word);

	for (const char *at = text; (at = strstr(at, word)); at++)
		if ((ends_longer || at == text || !isalpha((unsigned char)at[-1])) &&
		    ends(at + length, length))
			return true;
	return false;
}

bool audit_name_says(const char *name, const char *words)
{
	char text[NAME_MAX_CHARS], word[32];

	if (!name)
		return false;
	simplify(name, text, sizeof(text));
	while (*words) {
		bool ends_longer = *words == '*';
		size_t length = strcspn(words += ends_longer, "|");

		if (length > 0 && length < sizeof(word)) {
			memcpy(word, words, length);
			word[length] = '\0';
			if (has_word(text, word, ends_longer))
				return true;
		}
		words += length + (words[length] == '|');
	}
	return false;
}
