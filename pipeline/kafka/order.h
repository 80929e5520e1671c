/*
 * order - make the order events that the producer sends
 *
 * Contract
 *   - a set of prepared messages of exactly the payload size asked for (at least
 *     ORDER_PAYLOAD_MIN), in one encoding; order_write() copies one and writes
 *     id and time into it: no formatting a message;
 *   - order_spoil() makes a message that no decoder accepts; its id stays
 *     readable for who compares what was sent with what arrived.
 */
#ifndef PIPELINE_ORDER_H
#define PIPELINE_ORDER_H

#include "pipeline/decode/decode.h"

#define ORDER_PAYLOAD_MIN 100u
#define ORDER_PAYLOAD_MAX (1u << 20)

struct order_set;

struct order_set *order_set_new(enum encoding encoding, unsigned payload);
void order_set_free(struct order_set *set);

/* to has room for the payload size; id counts from 1. */
void order_write(const struct order_set *set, uint64_t id, uint64_t now_ms, uint8_t *to);
void order_spoil(const struct order_set *set, uint8_t *message);

#endif
