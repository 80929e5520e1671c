/*
 * probe - what the cluster says of the topic before anything is built
 *
 * Contract
 *   - probe_topic() answers 0 or EXIT_INPUT after one line that tells an unreachable
 *     broker from a missing topic;
 *   - leaders has one entry a partition; probe_done() frees it.
 */
#ifndef PIPELINE_PROBE_H
#define PIPELINE_PROBE_H

#include <stdint.h>

struct probe {
	unsigned partitions, brokers;
	int32_t *leaders;
	char cluster[64];
};

int probe_topic(struct probe *p, const char *brokers, const char *topic);
void probe_done(struct probe *p);

#endif
