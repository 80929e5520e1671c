/*
 * fuzz_commands - whole commands of `heapring` on a file that a fuzzer made
 *
 * Contract
 *   - the file lies in a private folder under the name of a segment, so that it is
 *     found by path, by pid and by `ps`; it is mapped, so a segment that names this
 *     process as its own passes for one that is being written;
 *   - four bytes of the input choose the command and its options; every command that
 *     reads a profile can be chosen;
 *   - a command may print and fail as it likes. What counts as a finding is what the
 *     sanitizers see, and an exit status that the command line's contract has not.
 */
#ifndef TESTS_FUZZ_FUZZ_COMMANDS_H
#define TESTS_FUZZ_FUZZ_COMMANDS_H

#include <stddef.h>
#include <stdint.h>

#define FUZZ_CHOICE_BYTES 4u

/* The pid in the file's name; there is no such process. */
#define FUZZ_PID 4000000u

/* Replaces the file's content. */
void fuzz_commands_file(const void *bytes, size_t count);

/* Replaces the content of the file that `diff` and --base take. */
void fuzz_commands_base(const void *bytes, size_t count);

/* choice: FUZZ_CHOICE_BYTES of them. */
void fuzz_commands_run(const uint8_t *choice);

#endif
