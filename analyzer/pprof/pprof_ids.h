/*
 * pprof_ids - from the ids of a pprof profile to indices
 *
 * Contract
 *   - ids are any 64-bit numbers but 0; of equal ones the first counts.
 */
#ifndef ANALYZER_PPROF_PPROF_IDS_H
#define ANALYZER_PPROF_PPROF_IDS_H

#include <stddef.h>
#include <stdint.h>

#define PPROF_ID_NONE UINT32_MAX

struct pprof_ids {
	struct pprof_id *table;
	size_t size;
};

/* Room for so many ids. 0 or -ENOMEM. */
int pprof_ids_init(struct pprof_ids *ids, size_t count);
void pprof_ids_done(struct pprof_ids *ids);
void pprof_ids_add(struct pprof_ids *ids, uint64_t id, uint32_t index);
uint32_t pprof_ids_find(const struct pprof_ids *ids, uint64_t id);

#endif
