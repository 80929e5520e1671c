/*
 * keep - segments of processes that ended must not fill the machine
 *
 * Contract: removes segments of dead processes of this user until at most
 * `count` of them and `bytes` of memory are left: those that ended by exit
 * first, then those that were replaced by exec, then those that were killed,
 * each oldest first. A live process's segment is never touched. Makes system
 * calls; for the start of a process only. Errors are ignored: it will be tried
 * again by the next process.
 */
#ifndef PRELOAD_KEEP_H
#define PRELOAD_KEEP_H

#include <stdint.h>

void keep_prune(const char *dir, uint32_t count, uint64_t bytes);

#endif
