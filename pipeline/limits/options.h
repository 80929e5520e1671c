/*
 * options - the command line, checked
 *
 * Contract
 *   - options_parse() answers 0, or EXIT_USAGE after saying one line on stderr;
 *   - every value is in range afterwards, and values that exclude each other are
 *     refused there and nowhere else;
 *   - strings point into argv.
 */
#ifndef PIPELINE_OPTIONS_H
#define PIPELINE_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "pipeline/decode/decode.h"

enum command {
	COMMAND_RUN,
	COMMAND_PRODUCE,
	COMMAND_PLAN,
	COMMAND_FAULTS,
	COMMAND_HELP,
	COMMAND_VERSION,
};

struct options {
	enum command command;
	const char *broker, *topic, *group, *dlq, *sink, *fault, *metrics, *chaos;
	enum decode_way decode;
	enum encoding encoding;
	unsigned workers, queue, batch, partitions, payload, attempts, first_poison;
	uint64_t batch_wait_us, retry_ttl_us, drain_us, duration_us, latency_us;
	uint64_t messages, rate, memory;
	double poison; /* share of spoiled messages, 0..1 */
	bool embedded, summary_json, quiet, payload_given, rate_given, partitions_given;
	bool help;
};

int options_parse(int argc, char **argv, struct options *o);

/* The text of --help, on stdout: of one command, or of all. */
void options_help(const struct options *o);

#endif
