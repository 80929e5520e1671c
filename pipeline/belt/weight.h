/*
 * weight - what a message takes in memory when it is copied out
 *
 * Why it exists: a bound on payloads alone is none where keys or headers are long.
 *
 * Contract: weight_of() is the sum of payload, key, and the names and values of all
 * headers (NULL: none).
 */
#ifndef PIPELINE_WEIGHT_H
#define PIPELINE_WEIGHT_H

#include <librdkafka/rdkafka.h>

size_t weight_of(size_t payload, size_t key, const rd_kafka_headers_t *headers);

#endif
