/*
 * text - what names and paths are asked everywhere
 */
#ifndef ANALYZER_CONSOLE_TEXT_H
#define ANALYZER_CONSOLE_TEXT_H

#include <stdbool.h>
#include <stdint.h>

/* FNV-1a, continued over the text and its end. */
#define TEXT_HASH_BEGIN 0xcbf29ce484222325ull
uint64_t text_hash(uint64_t hash, const char *text);

bool text_begins(const char *text, const char *head);

/* A path's last part; all of it where there is no '/'. */
const char *text_base(const char *path);

/* Control characters become '?', so that it stays in its line. */
void text_make_printable(char *text);

#endif
