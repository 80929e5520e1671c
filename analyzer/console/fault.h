/*
 * fault - why something could not be done, in one line
 *
 * Why it exists: library code of the analyzer does not print. It fills in a
 * fault and returns a negative errno; the command prints it once and exits
 * with its status.
 *
 * Contract
 *   - the line says what, which file, why and, where it helps, what to do;
 *   - it never holds a newline or a control character, whatever the input was.
 */
#ifndef ANALYZER_CONSOLE_FAULT_H
#define ANALYZER_CONSOLE_FAULT_H

/* What `heapring` exits with; part of the command line's contract. */
enum fault_status {
	FAULT_NONE = 0,
	FAULT_VERDICT = 1, /* a check failed */
	FAULT_USAGE = 2,
	FAULT_INPUT = 3,  /* unreadable or damaged */
	FAULT_TARGET = 4, /* the target cannot be profiled */
};

struct fault {
	enum fault_status status;
	char text[1200];
};

/* Fills in the fault; returns err, a negative errno, for the caller to return. */
__attribute__((format(printf, 4, 5))) int fault_set(struct fault *fault,
						    enum fault_status status, int err,
						    const char *format, ...);

/* Prints "heapring: <text>" on stderr; returns the exit status. */
int fault_print(const struct fault *fault);

#endif
