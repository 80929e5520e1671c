/*
 * shell_word - a text as one word of a command that a person may paste
 */
#include "analyzer/console/shell_word.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static bool is_plain(const char *word)
{
	if (!*word)
		return false;
	for (; *word; word++)
		if (!isalnum((unsigned char)*word) && !strchr("_-./@%+=:,", *word))
			return false;
	return true;
}

bool shell_word(const char *word, char *text, size_t room)
{
	size_t length = 0;

	if (is_plain(word))
		return (size_t)snprintf(text, room, "%s", word) < room;
	if (room < 3)
		return false;
	text[length++] = '\'';
	for (; *word && length + 6 < room; word++) {
		if (*word == '\'') /* ends the quotes, and begins them anew */
			length += (size_t)sprintf(text + length, "'\\'");
		text[length++] = *word;
	}
	text[length++] = '\'';
	text[length] = '\0';
	return *word == '\0';
}
