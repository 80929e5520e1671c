/*
 * doctor_process - what stands between heapring and a process that runs already
 *
 * Contract: everything is read from /proc and the file system; the process is not
 * stopped, attached to or signalled. Each finding is a status and a clause.
 */
#ifndef ANALYZER_LAUNCH_DOCTOR_PROCESS_H
#define ANALYZER_LAUNCH_DOCTOR_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum doctor_status {
	DOCTOR_OK,
	DOCTOR_NOTE, /* worth knowing */
	DOCTOR_BAD,  /* stands in the way */
};

struct doctor_finding {
	const char *name;
	enum doctor_status status;
	char text[600];
};

#define DOCTOR_FINDINGS_MAX 24

struct doctor_findings {
	struct doctor_finding list[DOCTOR_FINDINGS_MAX];
	unsigned count;
};

__attribute__((format(printf, 4, 5))) void doctor_find(struct doctor_findings *findings,
						       const char *name,
						       enum doctor_status status,
						       const char *format, ...);

/* Is there such a process? */
bool doctor_process_exists(uint32_t pid);

/*
 * Whether it is profiled, and if not how to start it again; owner, namespaces,
 * seccomp. Returns whether it is profiled.
 */
bool doctor_process(uint32_t pid, struct doctor_findings *findings);

/* The folder of the segments: is it there, writable, is there room? */
void doctor_segment_dir(const char *dir, struct doctor_findings *findings);

#endif
