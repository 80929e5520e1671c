/*
 * torture - what the parts of the torture program share
 *
 * Every block carries a pattern that is checked before it is given back. Counts
 * of what was allocated where are the truth that the profile is compared with.
 */
#ifndef TESTS_TORTURE_H
#define TESTS_TORTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Objects and bytes of the functions of that name; all threads add. */
struct truth {
	uint64_t objects, bytes;
};
extern struct truth truth_kept, truth_churned, truth_resized, truth_handled, truth_late;

/* A generator of the thread's own. */
uint32_t random_below(uint64_t *state, uint32_t limit);

/* Each is a frame that the profile shows. */
void *churned(size_t size); /* given back by release() */
void kept(size_t size);     /* never given back */
void release(void *block);  /* checks the pattern first */

/* Ends the program with a line: what it computed is wrong. */
#ifdef __cplusplus
[[noreturn]]
#else
_Noreturn
#endif
void broken(const char *what);

/* stacks.c: recursion with longjmp out of it, coroutines */
void jump_out(uint64_t *random);
void run_coroutine(uint64_t *random);

/* throws.cc: an exception from `depth` frames down, caught here */
void throw_and_catch(uint64_t *random, uint32_t depth);

/* plugin.c */
void *plugin_work(size_t size);
void *PLUGIN(size_t size);

#ifdef __cplusplus
}
#endif

#endif
