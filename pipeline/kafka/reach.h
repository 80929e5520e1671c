/*
 * reach - ask a cluster for metadata, patient with who listens
 *
 * A broker on a busy machine may take long for an answer; one that is not there takes as
 * long for none. What tells them apart is a connection: a kernel accepts it however busy
 * its broker is.
 *
 * Contract
 *   - reach_watch() before rd_kafka_new(): r is told of that client's connections and
 *     outlives it;
 *   - reach_metadata() answers what rd_kafka_metadata() does: after REACH_FIRST_MS
 *     at most where nobody listens, REACH_NS after r was made where somebody does.
 *     That it waits longer is said once. stop, which may be NULL, ends it between two
 *     tries.
 */
#ifndef PIPELINE_REACH_H
#define PIPELINE_REACH_H

#include <librdkafka/rdkafka.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define REACH_FIRST_MS 5000
#define REACH_NS UINT64_C(60000000000)

struct reach {
	const char *brokers; /* as the user named them */
	uint64_t begun_ns;
	bool (*stop)(void);
	bool said;
	_Atomic bool connected; /* by a broker's thread; carries no data: relaxed */
};

void reach_watch(struct reach *r, rd_kafka_conf_t *conf, const char *brokers,
		 bool (*stop)(void));
rd_kafka_resp_err_t reach_metadata(struct reach *r, rd_kafka_t *rk,
				   rd_kafka_topic_t *topic,
				   const struct rd_kafka_metadata **ret);

/* Is it too early to give up? Pauses for a moment then. */
bool reach_again(const struct reach *r, uint64_t until_ns);

#endif
