/*
 * hooks_fork - fork and _Fork, as the program sees them
 */
#ifndef PRELOAD_HOOKS_FORK_H
#define PRELOAD_HOOKS_FORK_H

/* Finds the real ones: a signal handler must not. */
void hooks_fork_resolve(void);

#endif
