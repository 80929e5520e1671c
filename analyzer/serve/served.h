/*
 * served - the processes that `serve` answers for
 *
 * Contract
 *   - those that were named, or all that have a segment; who is there is asked
 *     anew for each list, so processes may come and go;
 *   - of one pid's segments only the newest is listed;
 *   - without a pid served_pick() takes the only process that runs or, when none
 *     does, the only one there is; its fault lists what there is to choose from.
 */
#ifndef ANALYZER_SERVE_SERVED_H
#define ANALYZER_SERVE_SERVED_H

#include <stddef.h>

#include "analyzer/segment/target.h"

struct served {
	char **names; /* TARGETs; none: all segments */
	int names_count;
};

struct served_process {
	char path[PATH_MAX]; /* a TARGET */
	struct heapring_header header;
	enum segment_life life;
};

struct served_list {
	struct served_process *processes;
	size_t count;
};

/* The list needs served_list_done(). */
int served_list(const struct served *served, struct served_list *ret_list,
		struct fault *fault);
void served_list_done(struct served_list *list);

/* pid: as text, NULL none. -ENOENT: no such process; -EINVAL: which one? */
int served_pick(const struct served_list *list, const char *pid,
		const struct served_process **ret_process, struct fault *fault);

/* The program's name without folders. */
const char *served_program(const struct heapring_header *header);

#endif
