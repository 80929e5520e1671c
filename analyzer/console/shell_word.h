/*
 * shell_word - a text as one word of a command that a person may paste
 *
 * Contract
 *   - what a shell would not take literally is in single quotes;
 *   - false: it does not fit, and the text is not to be used.
 */
#ifndef ANALYZER_CONSOLE_SHELL_WORD_H
#define ANALYZER_CONSOLE_SHELL_WORD_H

#include <stdbool.h>
#include <stddef.h>

bool shell_word(const char *word, char *text, size_t room);

#endif
