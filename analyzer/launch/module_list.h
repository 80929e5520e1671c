/*
 * module_list - the program and the libraries that it is, or would be, made of
 *
 * Contract
 *   - in the order in which the loader looks symbols up: the program first;
 *   - of a file: what its loader would load (the loader is asked to list, nothing of
 *     the program runs; libraries that are opened later are not known);
 *   - of a process: what it maps and may execute, read through its own root folder;
 *   - the shim and what is no file (vdso) are left out.
 */
#ifndef ANALYZER_LAUNCH_MODULE_LIST_H
#define ANALYZER_LAUNCH_MODULE_LIST_H

#include <stddef.h>
#include <stdint.h>

#include "analyzer/launch/elf_facts.h"

struct module_entry {
	char *path;
	char *missing; /* a library that the loader did not find; else NULL */
	struct elf_facts facts;
};

struct module_list {
	struct module_entry *entries;
	size_t count;
};

/* 0 or a negative errno; needs module_list_done() after success. */
int module_list_of_file(const char *path, struct module_list *ret_list);
int module_list_of_process(uint32_t pid, struct module_list *ret_list);
void module_list_done(struct module_list *list);

#endif
