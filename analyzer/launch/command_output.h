/*
 * command_output - what another program says on its standard output
 *
 * Contract
 *   - argv[0] is a path or is found in PATH; no shell is involved; the environment is
 *     ours without LD_PRELOAD; what it says on standard error is thrown away;
 *   - returns the text, NUL-terminated, to be freed, also when the program failed;
 *     NULL when it could not be run or said more than 16 MiB.
 */
#ifndef ANALYZER_LAUNCH_COMMAND_OUTPUT_H
#define ANALYZER_LAUNCH_COMMAND_OUTPUT_H

char *command_output(const char *const *argv);

#endif
