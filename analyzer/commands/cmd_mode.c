/*
 * cmd_mode - `on`, `off` and `rate`: how much a running program counts
 *
 * Three commands in one file, because they are one request with three names.
 */
#include "analyzer/commands/commands.h"

#include <stdio.h>
#include <string.h>

#include "analyzer/profile/report.h"
#include "analyzer/segment/mode_request.h"

#define WAIT_MS 1000u

static const char *mode_words(const struct heapring_header *header, char *text,
			      size_t room)
{
	report_mode(header, text, room);
	return text;
}

/* What the program is to do: by the command's name, or by its second argument. */
static bool wanted(const struct command *command, const char *rate,
		   struct mode_request *ret_request)
{
	if (strcmp(command->name, "on") == 0)
		rate = "exact";
	else if (strcmp(command->name, "off") == 0)
		rate = "off";
	return mode_request_parse(rate, ret_request);
}

static int ask(const struct target *target, const struct mode_request *request,
	       struct fault *fault)
{
	struct heapring_header now;
	char before[64], after[64];
	int r;

	mode_words(&target->header, before, sizeof(before));
	r = mode_request_send(target, request, WAIT_MS, &now, fault);
	if (r < 0)
		return fault_print(fault);
	mode_words(&now, after, sizeof(after));
	if (r > 0 && strcmp(before, after) == 0)
		printf("pid %u: is %s already\n", now.pid, after);
	else if (r > 0)
		printf("pid %u: %s, was %s\n", now.pid, after, before);
	else
		printf("pid %u: asked; the program will notice at its next allocation "
		       "(still %s)\n",
		       now.pid, after);
	return 0;
}

static int show_mode(const struct target *target)
{
	char text[64];

	printf("pid %u: %s\n", target->header.pid,
	       mode_words(&target->header, text, sizeof(text)));
	return 0;
}

static int run(const struct command *command, int argc, char **argv)
{
	bool takes_rate = strcmp(command->name, "rate") == 0;
	struct options options = { .command = command,
				   .arguments_min = 1,
				   .arguments_max = takes_rate ? 2 : 1 };
	struct mode_request request = { 0 };
	struct target target;
	struct fault fault;
	int first, status;
	bool only_show;

	if (!options_ready(&options, argc, argv, &first, &status))
		return status;
	only_show = takes_rate && first + 1 == argc;
	if (!only_show && !wanted(command, argv[argc - 1], &request)) {
		fault_set(&fault, FAULT_USAGE, -1,
			  "rate: `%s` is no rate; exact, off, or bytes such as 512KiB",
			  argv[argc - 1]);
		return fault_print(&fault);
	}
	if (target_open(argv[first], &target, &fault) < 0)
		return fault_print(&fault);
	status = only_show ? show_mode(&target) : ask(&target, &request, &fault);
	target_close(&target);
	return status;
}

const struct command cmd_on = {
	.name = "on",
	.arguments = "PID",
	.summary = "Make a running program count every allocation from now on",
	.help = "Blocks allocated while it was dormant stay unknown; their frees are not "
		"counted.",
	.run = run,
};

const struct command cmd_off = {
	.name = "off",
	.arguments = "PID",
	.summary = "Make a running program count no new allocation",
	.help = "Frees of the blocks that were counted are still seen, so what it says "
		"to be in\n"
		"use stays true of them.",
	.run = run,
};

const struct command cmd_rate = {
	.name = "rate",
	.arguments = "PID [exact|off|BYTES]",
	.summary = "Show or change how much of a running program is counted",
	.help = "With BYTES, such as 512KiB, one allocation is recorded for every so "
		"many "
		"bytes\n"
		"on average. Blocks keep the weight they were recorded with, so nothing "
		"is\n"
		"biased by the change.",
	.run = run,
};
