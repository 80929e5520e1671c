/*
 * segment_history - a part of segment.h: the history ring
 *
 * Now and then the target adds up its threads' counters, site by
 * site (a sweep), and writes down what changed since the sweep before (a slice). All
 * figures are those of heapring_counter, in the units of their site.
 *
 * A ring has levels. Each is a log of slices: positions count the bytes ever written
 * to it, and position p lies in page p / HR_PAGE % pages, at p % HR_PAGE. Level 0
 * takes new slices. The oldest of a level that gets full are merged into one of the
 * next level; those of the last level are overwritten. A level's slices are
 * [tail, head), one after the other; those of level l+1 are older than those of level l,
 * except that for a moment a merged slice and its parts are both there: parts whose
 * number is not above the merged slice's last one do not count then.
 *
 * A slice is a heapring_slice and its records, in rising order of site. Neither header
 * nor record straddles pages: one for which less than HR_SLICE_BYTES or HR_RECORD_MAX
 * bytes are left in a page begins in the next. A record is five numbers, each in
 * groups of seven bits, lowest first, the top bit set in all but the last byte: site
 * minus the site before (of the first: the site), allocs, alloc_bytes, frees,
 * free_bytes, the last four since the slice before in which the site was.
 *
 * The values table holds, for every site, the four sums that its newest record left it
 * with. So the figures of any moment in the ring are the values minus the
 * records after it; what happened since the newest record is the difference
 * between the counters and the values.
 *
 * Order in which a record is written (single writer, each step a release):
 *   H1 its bytes; open.site and open.values: what the site has after it;
 *   H2 the page of values: next = position after the record;
 *   H3 the site's values;
 *   H4 the page of values: end = next;
 *   H5 open.end = next.
 * A page with end == next holds the records before end, whole. With end != next
 * the writer is at H3 (or was killed there): open.values are the site's values.
 *   H6 a slice is complete before its level's head passes it; a level's tail has
 *      passed a slice before its bytes are written over.
 */
#ifndef HEAPRING_SEGMENT_HISTORY_H
#define HEAPRING_SEGMENT_HISTORY_H

#include <stdint.h>

#define HR_VALUES_PER_PAGE 127u
#define HR_LEVELS 4u
#define HR_RECORD_MAX 48u /* five numbers take at most 45 bytes */
#define HR_SLICE_BYTES 64u
#define HR_SLICE_MAGIC 0x65636c53u /* "Slce" */

/* Packed: records have any length, so a slice begins at any byte. */
struct __attribute__((packed)) heapring_slice {
	uint32_t magic;    /* HR_SLICE_MAGIC */
	uint32_t records;  /* 0: only fills space */
	uint64_t bytes;    /* from this header's position to the next slice's */
	uint64_t first;    /* number of the first slice in it, from 0 ... */
	uint64_t last;     /* ... and of the last; the same at level 0 */
	uint64_t start_ns; /* CLOCK_MONOTONIC; above the end of the slice before when the
			    * process did nothing in between */
	uint64_t end_ns;   /* CLOCK_MONOTONIC when its (last) sweep began */
	uint64_t sweep_ns; /* and how long that took, at most */
	uint64_t partial;  /* 1: it grew so large that it was cut, and did not look at all
			    * sites; the next slice begins where it ended */
};

struct heapring_values {
	uint64_t allocs, alloc_bytes, frees, free_bytes;
};

struct heapring_values_page {
	uint64_t end;  /* position in level 0 after the newest record in here (H4) */
	uint64_t next; /* see H2 */
	uint64_t reserved[2];
	struct heapring_values of[HR_VALUES_PER_PAGE]; /* sites index * 127 and on */
};

struct heapring_level {
	uint64_t tail;
	uint64_t head;
	uint64_t pages; /* see above; 0: nothing was ever written */
};

/* The slice that is being written; its header begins at level 0's head. */
struct heapring_open {
	uint64_t end;     /* position after its last record (H5) */
	uint64_t records; /* up to end */
	uint64_t site;    /* of the newest record (H1) */
	struct heapring_values values;
};

/* The page of type history. */
struct heapring_history {
	struct heapring_level level[HR_LEVELS];
	uint64_t number;   /* of the open slice */
	uint64_t start_ns; /* of the open slice */
	uint32_t writer;   /* which of open[] is valid; the other one's writer was
			    * stopped for so long that it was given up */
	uint32_t stopped;  /* 1: no space for more values; the ring ends here */
	struct heapring_open open[2];
	uint64_t taken_over; /* how often a writer was given up */
};

#endif
