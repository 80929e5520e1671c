/*
 * process_words - reads single words of another process's memory, ahead of need
 *
 * Contract
 *   - questions in order of address cost one system call for each 64 KiB;
 *   - 0 for what is not there: readers check what they are told anyway;
 *   - what was read is remembered, so an answer may be as old as the reader.
 */
#ifndef ANALYZER_MACHINE_PROCESS_WORDS_H
#define ANALYZER_MACHINE_PROCESS_WORDS_H

#include <stddef.h>
#include <stdint.h>

struct process_words {
	uint32_t pid;
	uint64_t window; /* memory of the process from here on ... */
	size_t bytes;
	char data[64 << 10]; /* ... is this */
};

uint64_t process_word(struct process_words *words, uint64_t address);

#endif
