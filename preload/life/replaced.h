/*
 * replaced - the image that this process was before exec
 *
 * Contract: segments of this same process (pid and start_ticks) that began earlier and
 * say that they run are told to be EXECED. Without it nobody could tell them from killed
 * ones once this image's segment is gone. Makes system calls, for the start of a
 * process only; errors are ignored; files of others are not written to.
 */
#ifndef PRELOAD_REPLACED_H
#define PRELOAD_REPLACED_H

#include <heapring/segment.h>

void replaced_mark(const char *dir, const struct heapring_header *own);

#endif
