/*
 * limit - how much memory this process may come to
 *
 * Contract: the lowest limit of a control group from the process's own up to the root,
 * both versions; where there is none, what the kernel calls available now. 0: not known.
 * Asks the kernel a dozen times: for the start only.
 */
#ifndef PRELOAD_LIMIT_H
#define PRELOAD_LIMIT_H

#include <stdint.h>

uint64_t limit_read(void);

#endif
