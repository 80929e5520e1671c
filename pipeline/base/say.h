/*
 * say - the one way this program talks on stderr
 *
 * An error is one line: what failed, on which thing, why, what to do. Library
 * files return negative errno; only the stage that gives up says it, once.
 * Safe from any thread: one line is one write.
 */
#ifndef PIPELINE_SAY_H
#define PIPELINE_SAY_H

enum {
	EXIT_FINE = 0,
	EXIT_FAILED = 1, /* ran, but a promise was broken: lost messages, gave up */
	EXIT_USAGE = 2,
	EXIT_INPUT = 3, /* broker, topic, sink or file that cannot be used */
};

__attribute__((format(printf, 1, 2))) void say_error(const char *fmt, ...);
__attribute__((format(printf, 1, 2))) void say_note(const char *fmt, ...);

/* Notes are dropped while quiet; errors never are. Set before threads start. */
void say_quiet(int quiet);

#endif
