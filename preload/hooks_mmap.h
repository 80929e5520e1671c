/* hooks_mmap - lets mmap and its like pass on to the next definitions. Call it when
 * the loader's functions may be used. */
#ifndef PRELOAD_HOOKS_MMAP_H
#define PRELOAD_HOOKS_MMAP_H

void hooks_mmap_resolve(void);

#endif
