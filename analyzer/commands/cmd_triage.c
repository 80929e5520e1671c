/*
 * cmd_triage - the first minute of an alarm, on one screen
 */
#include "analyzer/commands/commands.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/profile/report.h"
#include "analyzer/triage/triage_print.h"

static int look(bool json)
{
	struct triage *triage = malloc(sizeof(*triage));
	struct fault fault;
	int status = 0;

	if (!triage || triage_look(triage, &fault) < 0) {
		if (!triage)
			fault_set(&fault, FAULT_INPUT, -1, "out of memory for triage");
		free(triage);
		return fault_print(&fault);
	}
	if (json)
		status = report_json_print(triage_print_json(triage));
	else
		triage_print_text(triage, stdout);
	if (triage->no_profiles.status != FAULT_NONE)
		fault_print(&triage->no_profiles);
	if (triage->unreadable > 0)
		fprintf(stderr, "heapring: %s left out; `heapring ps` says why\n",
			units_counted(triage->unreadable, "segment").text);
	free(triage);
	return status;
}

static int run(const struct command *command, int argc, char **argv)
{
	bool json = false;
	const struct option_spec own[] = {
		{ "format", 0, "text|json", "how to print", option_set_json, &json },
		{ NULL },
	};
	struct options options = { .command = command, .tables = { own } };
	int first, status;

	return options_ready(&options, argc, argv, &first, &status) ? look(json) : status;
}

const struct command cmd_triage = {
	.name = "triage",
	.arguments = "[OPTION...]",
	.summary = "The first minute of an alarm: who, how fast, what next",
	.help = "Memory of the machine and of the fullest control group, pressure, OOM "
		"kills, the\n"
		"biggest processes and what is known of them, processes that were "
		"killed, "
		"and the\n"
		"command to type next; in less than two seconds, whoever you are. Of a "
		"group's use\n"
		"the page cache that the kernel would drop is left out. RSS/S is the "
		"growth in one\n"
		"second; LIVE what a profile counts; VERDICT that of `heapring audit` "
		"with "
		"its\n"
		"confidence, as far as it can be had in that time.",
	.run = run,
};
