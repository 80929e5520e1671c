/*
 * probe - what the cluster says of the topic before anything is built
 *
 * Contract
 *   - probe_topic() answers 0 or EXIT_INPUT after one line that tells an unreachable
 *     broker from a missing topic;
 *   - stop ends the patience with a broker that listens (reach.h).
 */
#ifndef PIPELINE_PROBE_H
#define PIPELINE_PROBE_H

#include <stdbool.h>

struct probe {
	unsigned partitions, brokers;
	char cluster[64];
};

int probe_topic(struct probe *p, const char *brokers, const char *topic,
		bool (*stop)(void));

#endif
