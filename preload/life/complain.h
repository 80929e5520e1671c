/*
 * complain - what could not be done, in one line on the program's stderr
 *
 * Contract
 *   - a line goes to the file that was stderr when the program began, or nowhere;
 *   - it is written at once or not at all, and no signal comes of it;
 *   - nothing here is called on the hot path.
 */
#ifndef PRELOAD_COMPLAIN_H
#define PRELOAD_COMPLAIN_H

#include <stddef.h>
#include <stdint.h>

/* Notes what stderr is; before the program's first instruction. */
void complain_begin(void);

/* From now on a line is written only by who finds *told 0, and counted there; NULL: by
 * all. */
void complain_once(uint32_t *told);

/* "heapring: ", and the parts one after the other. */
#define complain(...) complain_parts((const char *const[]){ __VA_ARGS__, NULL })
void complain_parts(const char *const parts[]);

/* What -errno means, without a lock or an allocation. */
const char *complain_error(int error);

#endif
