/*
 * command - what the program can be told to do
 *
 * Each returns the exit status and has said what went wrong.
 */
#ifndef PIPELINE_COMMAND_H
#define PIPELINE_COMMAND_H

#include "pipeline/kafka/producer.h"
#include "pipeline/limits/options.h"

int command_run(struct options *o);
int command_produce(struct options *o);
int command_plan(struct options *o);

/* The messages that the options ask a producer for; where it sends them, and how, is the
 * caller's to add. dlq_topic is kept. */
struct producer_conf command_messages(const struct options *o, const char *dlq_topic);

#endif
