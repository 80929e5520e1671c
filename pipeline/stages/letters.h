/*
 * letters - what the sink thread cannot store goes to the dead letter topic
 *
 * Contract
 *   - for the sink thread alone; the offset was deferred before;
 *   - letters_bury_*() wait while the queue (dlq.h) is full: 0 sent, else the run ends
 * and the offset stays uncommitted; with the topic "off" it is settled at once;
 *   - letters_serve() hears acknowledgements; a letter that the broker refuses ends the
 *     run, which is said, and the answer is -EIO.
 */
#ifndef PIPELINE_LETTERS_H
#define PIPELINE_LETTERS_H

#include "pipeline/stages/store.h"

int letters_bury_row(struct store *s, const struct slot *slot, const struct row *row);
int letters_bury_entry(struct store *s, const struct retry_entry *entry);
int letters_serve(struct store *s, int wait_ms);

/* For dlq_conf: the broker has the letter; with is the store. */
void letters_settled(void *with, unsigned generation, int32_t partition, int64_t offset);

#endif
