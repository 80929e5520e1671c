/*
 * audit_name_words - does the name of a function or a file say one of these words?
 *
 * Contract
 *   - a name's words end at what is no letter and where a capital follows a small letter;
 *     small and capital letters are the same;
 *   - words come as "cache|lru|*queue", and may have other signs than letters in them;
 *   - one stands whole in the name: `intern` is not said by `internal`. Of four letters
 *     or more so does its plural, and the like: queues, queued, queueing, cacher;
 *   - with `*` it may be the end of a longer word: `*queue` is said by `workqueue`.
 */
#ifndef ANALYZER_AUDIT_AUDIT_NAME_WORDS_H
#define ANALYZER_AUDIT_AUDIT_NAME_WORDS_H

#include <stdbool.h>

/* name: NULL says nothing. */
bool audit_name_says(const char *name, const char *words);

#endif
