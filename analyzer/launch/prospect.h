/*
 * prospect - what can be expected of profiling a program, before it runs
 *
 * Contract
 *   - three verdicts. PROSPECT_NONE: the shim would not be loaded, or would see no
 *     call; PROSPECT_PART: it would see some of the program's allocations;
 *     PROSPECT_FULL: every call of malloc and its family;
 *   - reason and advice are clauses without a full stop, "" when there is nothing to
 *     say; the reason completes "cannot be profiled: ...";
 *   - only files are read. What the program opens later (dlopen) is not known.
 */
#ifndef ANALYZER_LAUNCH_PROSPECT_H
#define ANALYZER_LAUNCH_PROSPECT_H

#include "analyzer/console/fault.h"
#include "analyzer/launch/module_list.h"
#include "analyzer/launch/program_file.h"

enum prospect_verdict {
	PROSPECT_FULL,
	PROSPECT_PART,
	PROSPECT_NONE,
};

struct prospect {
	struct program_file file;
	struct module_list modules; /* the program itself first */
	enum prospect_verdict verdict;
	char reason[512], advice[512];
	const char *allocator; /* path of the module whose malloc is used; "" unknown */
	char shim[PATH_MAX];   /* "" there is none */
	struct elf_facts shim_facts;
};

/* program: as for execvp. Needs prospect_done() after success. */
int prospect_load(const char *program, struct prospect *ret_prospect,
		  struct fault *fault);

/* Of the modules that a process maps; it must run. */
int prospect_load_process(uint32_t pid, struct prospect *ret_prospect,
			  struct fault *fault);
void prospect_done(struct prospect *prospect);

const char *prospect_verdict_name(enum prospect_verdict verdict);

#endif
