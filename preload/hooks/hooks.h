/*
 * hooks - finding, at the start, the functions that hooks pass on to
 *
 * Later is too late: to find one takes the loader's lock, which the child of a _Fork or a
 * raw clone waits for in vain when another thread of its parent was loading something,
 * and a signal handler must not. What is called before the start, by another library's
 * constructor, finds its own then.
 */
#ifndef PRELOAD_HOOKS_H
#define PRELOAD_HOOKS_H

void hooks_fork_resolve(void);
void hooks_mmap_resolve(void);
void hooks_thread_resolve(void);
void sandbox_resolve(void);

/* Does nothing when the program came without a C++ runtime: one may be loaded later. */
void hooks_cxx_resolve(void);

#endif
