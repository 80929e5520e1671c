/*
 * hooks_limits - mlockall, setrlimit and its kin, as the program sees them
 */
#ifndef PRELOAD_HOOKS_LIMITS_H
#define PRELOAD_HOOKS_LIMITS_H

/* After the tables were reserved. */
void hooks_limits_begin(void);

#endif
