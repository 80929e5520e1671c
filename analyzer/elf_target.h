/*
 * elf_target - can this program be profiled by LD_PRELOAD, and if not, why
 *
 * Contract
 *   - takes what execvp would take: a path, or a name to look up in PATH;
 *   - a script is judged by its interpreter;
 *   - the answer is a clause that completes "no allocation was seen: ...".
 */
#ifndef ANALYZER_ELF_TARGET_H
#define ANALYZER_ELF_TARGET_H

#include <stddef.h>

/* Fills in text; empty when nothing speaks against profiling the program. */
void elf_target_explain(const char *program, char *text, size_t room);

/* Finds the file as execvp does; 0 or a negative errno. */
int elf_target_find(const char *program, char *path, size_t room);

#endif
