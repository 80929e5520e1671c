/*
 * oom_log - whom the OOM killer took, from the kernel's log
 *
 * Contract
 *   - newest first, at most OOM_LOG_MAX; the log is a ring, so old kills are gone
 *     from it (how many there were is in /proc/vmstat and memory.events);
 *   - false: the log may not be read by this user (kernel.dmesg_restrict), or there
 *     is none. That there was no kill is true with a count of 0.
 */
#ifndef ANALYZER_MACHINE_OOM_LOG_H
#define ANALYZER_MACHINE_OOM_LOG_H

#include <stdbool.h>
#include <stdint.h>

#define OOM_LOG_MAX 8u

struct oom_kill {
	uint32_t pid; /* of the kernel: in the outermost PID namespace */
	char program[64];
	uint64_t resident; /* anonymous bytes when it was killed */
	uint64_t ago_ns;
	bool by_group; /* the limit of a control group, not the machine's memory */
};

struct oom_log {
	struct oom_kill kill[OOM_LOG_MAX];
	unsigned count;
};

bool oom_log_read(struct oom_log *ret_log);

/* A record of /dev/kmsg; false: it does not tell of a kill. For tests too. */
bool oom_log_parse(const char *record, uint64_t now_ns, struct oom_kill *ret_kill);

#endif
