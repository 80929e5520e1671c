/*
 * watermark - how far one partition may be committed
 *
 * Contract
 *   - everything below watermark_offset() is stored or dead-lettered; it only
 *     rises while the partition stays assigned;
 *   - offsets arrive in rising order through watermark_done() and watermark_defer();
 *     offsets that were never seen (compacted topics, transaction marks) count
 *     as done when a later one arrives;
 *   - a deferred offset holds the watermark until watermark_settle(), in any order;
 *   - at most WATERMARK_SPAN offsets wait behind the oldest deferred one: then
 *     done and defer answer -EAGAIN, nothing changed, and the caller must wait;
 *   - one thread at a time. The ring is allocated by the first defer.
 */
#ifndef PIPELINE_WATERMARK_H
#define PIPELINE_WATERMARK_H

#include <stdint.h>

#define WATERMARK_SPAN 65536 /* 8 KiB a partition; 0.6 s of 100,000 msg/s on one */
#define WATERMARK_NONE INT64_MIN

struct watermark {
	int64_t base;   /* everything below is done */
	int64_t next;   /* the lowest offset not seen yet; base == next: none waits */
	uint64_t *ring; /* bit i % SPAN: offset i of [base, next) is done */
};

void watermark_init(struct watermark *w);
void watermark_free(struct watermark *w);

/* Forgets everything; the first offset that arrives is the new start. */
void watermark_restart(struct watermark *w);

/* [from, to) is done. Offsets below the watermark are ignored. */
int watermark_done(struct watermark *w, int64_t from, int64_t to);
int watermark_defer(struct watermark *w, int64_t offset);
void watermark_settle(struct watermark *w, int64_t offset);

/* The offset to commit, WATERMARK_NONE before the first. */
int64_t watermark_offset(const struct watermark *w);

#endif
