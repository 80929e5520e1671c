/*
 * command - what the program can be told to do
 *
 * Each returns the exit status and has said what went wrong.
 */
#ifndef PIPELINE_COMMAND_H
#define PIPELINE_COMMAND_H

#include "pipeline/limits/options.h"

int command_run(struct options *o);
int command_produce(struct options *o);
int command_plan(struct options *o);

#endif
