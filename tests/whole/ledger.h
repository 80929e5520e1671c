/*
 * ledger - what a test program truly allocated, function by function
 *
 * Contract
 *   - a function that allocates calls ledger_add() with its own name right after,
 *     and ledger_remove() right before a block is freed or reallocated: the block
 *     leaves the figures of the function that made it, whoever frees it;
 *   - any thread may call; nothing here allocates, so that the ledger itself is
 *     never part of the truth;
 *   - ledger_print() writes one JSON object to stdout without stdio.
 */
#ifndef TESTS_LEDGER_H
#define TESTS_LEDGER_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* block NULL: nothing happened. Returns block. */
void *ledger_add(const char *function, void *block, size_t size);

/* block NULL: nothing happened. Returns block. */
void *ledger_remove(void *block);

/* function called into libc, which allocated for it and left this much live. */
void ledger_left_by_libc(const char *function, size_t size);

void ledger_print(void);

#ifdef __cplusplus
}
#endif

#endif
