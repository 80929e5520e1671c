/*
 * profile - the stacks of one process and what they hold
 *
 * Contract
 *   - one profile_stack for each distinct call stack that ever allocated: the
 *     sites of one node (one for each sampling rate) and all threads are added up;
 *   - values are final figures: weighted samples are scaled, so that they compare
 *     with exact ones; `variance` is 0 where every allocation was counted;
 *   - asked for by thread, a stack is there once for each name of a thread that
 *     allocated at it; the sums over threads are the same as without. Its details are
 *     what that thread allocated (sizes) and freed (lifetimes, foreign), and a thread
 *     that only freed has a stack for them, too;
 *   - asked for mappings, stacks and totals are those of sites of that kind: bytes in
 *     whole pages, and no peak;
 *   - asked for the peak, inuse values are those of the process's highest live
 *     bytes; alloc values are always up to now;
 *   - inuse values are never negative, and total[] is the sum over stacks, below 2^62;
 *   - memory is proportional to distinct stacks.
 */
#ifndef ANALYZER_PROFILE_PROFILE_H
#define ANALYZER_PROFILE_PROFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analyzer/console/fault.h"
#include "analyzer/segment/segment_reader.h"
#include "analyzer/segment/target.h"

/* The four sample types, named as Go's pprof names them. */
enum profile_sample {
	PROFILE_INUSE_SPACE,
	PROFILE_INUSE_OBJECTS,
	PROFILE_ALLOC_SPACE,
	PROFILE_ALLOC_OBJECTS,
	PROFILE_SAMPLES
};

struct profile_wants {
	bool at_peak;
	bool by_thread;
	bool details;
	bool slack;    /* with details: see slack.h; with history, once it was applied */
	bool history;  /* how the figures moved; not with at_peak or by_thread */
	bool mappings; /* what mmap() did, instead of the heap */
	bool if_there; /* no fault where another format has no details or history */
};

struct profile_stack {
	uint32_t node;   /* innermost frame; below HR_NODE_FIRST there is none */
	uint32_t thread; /* for profile_thread_name(); 0: not split */
	uint64_t value[PROFILE_SAMPLES];
};

/* Bytes that blocks occupy beyond what was asked for. Measured: all three equal. */
struct profile_slack {
	uint64_t bytes;     /* the figure, or the best guess */
	uint64_t low, high; /* the truth lies between */
};

/*
 * More about one stack. Of sampled stacks lifetimes count samples, sizes nothing. Less a
 * base's, figures may be negative: they are differences in two's complement.
 */
struct profile_detail {
	uint64_t lifetime[HR_LIFETIMES]; /* freed blocks by age */
	uint64_t size[HR_SIZES];         /* allocations by size */
	uint64_t foreign_frees;          /* at least so many by other threads */
	uint64_t foreign_bytes;
	struct profile_slack slack; /* asked for with wants.slack */
};

/* What the figures do not cover, in allocations unless named otherwise. */
struct profile_coverage {
	double stacks_complete_pct;
	uint64_t truncated;
	uint64_t overflow;
	uint64_t incomplete; /* every stack without its outer end */
	uint64_t missed_frees;
	uint64_t untracked_frees;
	uint64_t bypassed;
	uint64_t dropped;
	uint64_t unprofiled_children; /* processes: no room for their segments */
};

struct profile {
	struct segment *segment;
	enum segment_life life;
	struct profile_stack *stacks;        /* ordered by node */
	double (*variance)[PROFILE_SAMPLES]; /* for each stack; NULL: all exact */
	struct profile_detail *details;      /* for each stack; NULL: not asked for */
	size_t stacks_count;
	struct profile_wants wants;
	struct profile_slack slack; /* of all stacks */
	bool slack_measured;
	uint64_t total[PROFILE_SAMPLES];
	uint64_t peak_space;
	uint64_t peak_error; /* the peak may be higher by so many bytes */
	uint64_t window_ns;  /* values are of the last so many ns; 0: since the start */
	struct profile_coverage coverage;
	struct history
		*history; /* see history.h; NULL: not asked for, or there is none */
	struct profile_snapshot *snapshot; /* see profile_snapshot.h; NULL: figures are
					    * those of now */
};

int profile_load(const struct target *target, struct profile **ret_profile,
		 struct fault *fault);
int profile_load_with(const struct target *target, const struct profile_wants *wants,
		      struct profile **ret_profile, struct fault *fault);
void profile_free(struct profile *profile);

/* The first stack of that node, or of a greater one; stacks_count: none. */
size_t profile_stack_of(const struct profile *profile, uint32_t node);

/* The node that a site's figures belong to; 0 when the site was never completed. */
uint32_t profile_node_of(const struct segment *segment, uint32_t site);

/*
 * Fills in total[], peak_space and coverage from the stacks and the segment. path is
 * for the fault: figures that add up to 2^62 or more are damage, and no view has to
 * think of overflow in sums and differences.
 */
int profile_add_up(struct profile *profile, const char *path, struct fault *fault);

void profile_detail_add(struct profile_detail *to, const struct profile_detail *from);
/* Each figure is first multiplied by the scale of what it counts. */
void profile_detail_subtract(struct profile_detail *to, const struct profile_detail *from,
			     const double scale[PROFILE_SAMPLES]);
/* Is there anything but sizes, which come with allocations? */
bool profile_detail_has_frees(const struct profile_detail *detail);

const char *profile_thread_name(const struct profile *profile, uint32_t thread);

const char *profile_sample_name(enum profile_sample sample);
bool profile_sample_parse(const char *name, enum profile_sample *ret_sample);
bool profile_sample_is_bytes(enum profile_sample sample);

#endif
