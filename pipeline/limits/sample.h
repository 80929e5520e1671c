/*
 * sample - what the batches of a topic look like, before any limit is made
 *
 * Why it exists: a broker cuts an answer at the number of bytes that was asked for, and
 * the batch that is cut is fetched again; and what a fetched byte takes in memory depends
 * on the size of messages and on their compression. librdkafka tells neither.
 *
 * Contract
 *   - sample_topic() reads some of the newest batches of up to four partitions, without a
 *     group; it never fails, n is how many it saw: 0 in an empty topic, or when no answer
 *     came within a second;
 *   - sample_fetch() is the size between most / 2 and most at which cutting a log of such
 *     batches throws away the least; 0 when it does not know; SAMPLE_ONE_BATCH where
 *     every cut wastes and batches come fast enough one by one.
 */
#ifndef PIPELINE_SAMPLE_H
#define PIPELINE_SAMPLE_H

#include <stddef.h>
#include <stdint.h>

#define SAMPLE_BATCHES 128u
#define SAMPLE_ONE_BATCH                                                                 \
	1u /* byte to ask for: the answer is one whole batch (KIP-74)                    \
	    */

struct sample {
	unsigned n;
	uint32_t batch[SAMPLE_BATCHES]; /* bytes of each, as they are sent */
	uint64_t sent;                  /* bytes of those that were read */
	uint64_t messages;              /* in these */
	uint64_t bytes;                 /* their payloads and keys, not compressed */
	uint64_t pace; /* bytes a second that came with one batch an answer */
};

void sample_topic(struct sample *s, const char *brokers, const char *topic,
		  unsigned partitions);

size_t sample_fetch(const struct sample *s, size_t most);

/* The batch in the middle, 0: none was seen. */
size_t sample_usual_batch(const struct sample *s);

#endif
