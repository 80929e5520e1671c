/*
 * reach - ask a cluster for metadata, patient with who listens
 *
 * librdkafka gives a connection up with a request that had no answer in time, and the
 * next one begins anew: a broker that needs 7 s would never answer within 5. So each
 * try has twice the time of the one before.
 */
#include "pipeline/kafka/reach.h"

#include <string.h>
#include <unistd.h>

#include "pipeline/base/say.h"
#include "pipeline/base/units.h"

#define AGAIN_US 250000

/* The first question on a connection is for the versions that the broker knows. */
static rd_kafka_resp_err_t on_state(rd_kafka_t *rk, int32_t id, const char *protocol,
				    const char *name, int port, const char *state,
				    void *with)
{
	struct reach *r = with;

	(void)rk, (void)id, (void)protocol, (void)name, (void)port;
	if (strcmp(state, "APIVERSION_QUERY") == 0 || strcmp(state, "UP") == 0)
		atomic_store_explicit(&r->connected, true, memory_order_relaxed);
	return RD_KAFKA_RESP_ERR_NO_ERROR;
}

static rd_kafka_resp_err_t on_new(rd_kafka_t *rk, const rd_kafka_conf_t *conf, void *with,
				  char *why, size_t size)
{
	(void)conf, (void)why, (void)size;
	return rd_kafka_interceptor_add_on_broker_state_change(rk, "reach", on_state,
							       with);
}

void reach_watch(struct reach *r, rd_kafka_conf_t *conf, const char *brokers,
		 bool (*stop)(void))
{
	*r = (struct reach){ .brokers = brokers, .stop = stop };
	r->begun_ns = units_now_ns();
	rd_kafka_conf_interceptor_add_on_new(conf, "reach", on_new, r);
}

static uint64_t left_ms(const struct reach *r, uint64_t until_ns)
{
	uint64_t now = units_now_ns();

	return now >= until_ns || (r->stop != NULL && r->stop())
		       ? 0
		       : (until_ns - now) / 1000000;
}

bool reach_again(const struct reach *r, uint64_t until_ns)
{
	if (left_ms(r, until_ns) == 0)
		return false;
	usleep(AGAIN_US);
	return true;
}

static bool is_silence(rd_kafka_resp_err_t err)
{
	return err == RD_KAFKA_RESP_ERR__TIMED_OUT ||
	       err == RD_KAFKA_RESP_ERR__TRANSPORT ||
	       err == RD_KAFKA_RESP_ERR__TIMED_OUT_QUEUE;
}

static void say_waiting(struct reach *r)
{
	if (!r->said)
		say_note("broker %s: listens, but does not answer yet; waiting",
			 r->brokers);
	r->said = true;
}

rd_kafka_resp_err_t reach_metadata(struct reach *r, rd_kafka_t *rk,
				   rd_kafka_topic_t *topic,
				   const struct rd_kafka_metadata **ret)
{
	uint64_t ms = REACH_FIRST_MS, left;
	rd_kafka_resp_err_t err;

	for (;; ms = 2 * ms < left ? 2 * ms : left) {
		err = rd_kafka_metadata(rk, 0, topic, ret, (int)ms);
		left = left_ms(r, r->begun_ns + REACH_NS);
		if (!is_silence(err) || left == 0 ||
		    !atomic_load_explicit(&r->connected, memory_order_relaxed))
			return err;
		say_waiting(r);
	}
}
