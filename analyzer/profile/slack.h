/*
 * slack - what blocks occupy beyond what was asked for
 *
 * An allocator rounds requests up; the rest of each block (malloc_usable_size minus
 * the size asked for) is memory that the program pays for and cannot name. The shim
 * does not measure it: asking the allocator would cost on every allocation.
 *
 * Measured, of a running process: every live block is looked at from outside
 * (live_blocks.h). glibc keeps the size of a block in the word before it; jemalloc's
 * follows from its size classes. A stack's slack is the mean of its blocks times its
 * objects in use, so samples are scaled and a process that goes on is close enough.
 *
 * Estimated, of a process that ended, one whose memory may not be read, a moment that
 * is past, or of another allocator that rounds as glibc or jemalloc does: from the mean
 * size of a stack's objects. The truth lies between `low` and `high`.
 *
 * Contract
 *   - fills in slack of profile->details and profile->slack, the sum over all
 *     stacks; profile_load_with() does so when wants.slack asks for it, and whoever
 *     changes the figures to those of another moment does once more;
 *   - bytes of chunk headers are not slack: 8 for each block of glibc;
 *   - -ENOTSUP and a fault for allocators whose rounding is not known.
 */
#ifndef ANALYZER_PROFILE_SLACK_H
#define ANALYZER_PROFILE_SLACK_H

#include "analyzer/profile/profile.h"

/* The profile has details, which the bounds of an estimate need. */
int slack_load(struct profile *profile, struct fault *fault);

#endif
