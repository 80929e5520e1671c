/*
 * cache_folder - where heapring keeps what it can find again
 *
 * Contract
 *   - $XDG_CACHE_HOME/heapring, or ~/.cache/heapring; none with HEAPRING_CACHE=0, and
 *     none when it would lie in a relative path or is not this user's alone to write;
 *   - what lies there may be removed by anybody at any time.
 */
#ifndef ANALYZER_SYMBOLS_CACHE_FOLDER_H
#define ANALYZER_SYMBOLS_CACHE_FOLDER_H

#include <stdbool.h>
#include <stdint.h>

/* A descriptor of the folder, -1 when there is none; with make it is made. */
int cache_folder_open(bool make);

/* Removes the files last used the longest ago until the rest has at most so many bytes.
 */
void cache_folder_bound(int folder, uint64_t bytes_max);

#endif
