/*
 * segment_snapshot - a part of segment.h: figures that were kept at levels of memory
 *
 * The page of type snapshots holds HR_SNAPSHOTS_MAX records. Pages of type snapshot whose
 * owner is a record's number hold its values: each is a copy of the page of values of the
 * same index, made between two sweeps of the history.
 */
#ifndef HEAPRING_SEGMENT_SNAPSHOT_H
#define HEAPRING_SEGMENT_SNAPSHOT_H

#include <stdint.h>

#define HR_SNAPSHOTS_MAX 4u
#define HR_SNAPSHOT_NAME 24u

enum heapring_snapshot_state {
	HR_SNAPSHOT_NONE = 0,
	HR_SNAPSHOT_OPEN = 1, /* its pages are being written, or its writer was killed */
	HR_SNAPSHOT_TAKEN = 2,
};

/*
 * A level of memory and the figures of all sites when it was last reached. Order: state
 * is OPEN before the first page is written over, and TAKEN (release) after all else. A
 * reader that finds the same `taken` before and after the pages has one snapshot.
 */
struct heapring_snapshot {
	uint32_t state;
	uint32_t sites;      /* sites below this one are in it ... */
	uint32_t sites_left; /* ... and so many more there were: it is full */
	uint32_t taken;      /* how often */
	uint64_t mono_ns;    /* when the level was found to be reached ... */
	uint64_t sweep_ns; /* ... and by when all sites had been looked at, since then */
	uint64_t level;    /* bytes */
	uint64_t resident; /* found then; 0: live bytes were compared instead */
	char name[HR_SNAPSHOT_NAME]; /* as it was asked for: "85%" */
	uint64_t reserved[5];
};

_Static_assert(sizeof(struct heapring_snapshot) == 112, "snapshot");

#endif
