/*
 * report - what every view says before and after its rows
 *
 * The text side; report_json.c is the other one.
 */
#include "analyzer/profile/report.h"

#include <inttypes.h>
#include <signal.h>
#include <string.h>

#include "analyzer/console/text.h"
#include "analyzer/profile/history_moment.h"
#include "analyzer/profile/profile_snapshot.h"

void report_state(const struct heapring_header *header, enum segment_life life,
		  char *text, size_t room)
{
	const char *name =
		header->exit_signal > 0 ? sigabbrev_np(header->exit_signal) : NULL;

	if (life == SEGMENT_LIVE)
		snprintf(text, room, header->kind == 1 ? "was running" : "running");
	else if (life == SEGMENT_EXECED)
		snprintf(text, room, "replaced by exec");
	else if (life == SEGMENT_EXITED)
		snprintf(text, room, "exited %d", header->exit_code);
	else if (name)
		snprintf(text, room, "killed by SIG%s", name);
	else
		snprintf(text, room, "killed");
}

/* Whatever a segment says, a terminal does not obey it. */
void report_name(const struct heapring_header *header, char *text, size_t room)
{
	const char *file = text_base(header->exe), *called = "";

	if (header->command_len > 0)
		called = text_base(header->command + (*header->command == '-'));
	called += strspn(called, " ");
	if (!*called || text_begins(file, called))
		snprintf(text, room, "%s", *file ? file : "?");
	else
		snprintf(text, room, "%.*s (%s)", (int)strcspn(called, " "), called,
			 *file ? file : "?");
	text_make_printable(text);
}

void report_mode(const struct heapring_header *header, char *text, size_t room)
{
	if (header->mode == HR_MODE_DORMANT)
		snprintf(text, room, "dormant");
	else if (header->mode == HR_MODE_SAMPLED)
		snprintf(text, room, "sampled %s", units_bytes(header->rate).text);
	else
		snprintf(text, room, "exact");
}

static void print_snapshot(const struct profile_snapshot *snapshot, FILE *to)
{
	fprintf(to, "snapshot %s, %s after the start, at %s", snapshot->name,
		history_after((double)snapshot->at_ns / 1e9).text,
		units_bytes(snapshot->level).text);
	if (snapshot->resident > 0)
		fprintf(to, ": %s resident", units_bytes(snapshot->resident).text);
	if (snapshot->left_out > 0)
		fprintf(to, "; %s did not fit",
			units_counted(snapshot->left_out, "newer stack").text);
	fputc('\n', to);
}

void report_heading(const struct profile *profile, FILE *to)
{
	const struct heapring_header *header = &profile->segment->header;
	char name[HR_EXE], state[64], mode[64];

	report_state(header, profile->life, state, sizeof(state));
	report_mode(header, mode, sizeof(mode));
	report_name(header, name, sizeof(name));
	fprintf(to, "%s, pid %u, %s, %s%s\n", name, header->pid, state, mode,
		profile->wants.mappings ? ", mappings" : "");
	if (profile->snapshot)
		print_snapshot(profile->snapshot, to);
}

static void print_loss(FILE *to, const char *what, uint64_t count)
{
	if (count > 0)
		fprintf(to, ", %s %s", units_count(count).text, what);
}

void report_coverage(const struct profile *profile, FILE *to)
{
	const struct profile_coverage *coverage = &profile->coverage;

	fprintf(to, "coverage: %.*f%% of allocations have a complete stack",
		coverage->stacks_complete_pct == 100 ? 0 : 2,
		coverage->stacks_complete_pct);
	print_loss(to, "truncated", coverage->truncated);
	print_loss(to, "under [overflow]", coverage->overflow);
	print_loss(to, "missed frees", coverage->missed_frees);
	print_loss(to, "untracked frees", coverage->untracked_frees);
	print_loss(to, "bypassed", coverage->bypassed);
	print_loss(to, "dropped", coverage->dropped);
	print_loss(to, "children not profiled", coverage->unprofiled_children);
	fputc('\n', to);
}

void report_nothing_seen(const struct profile *profile, FILE *to)
{
	const struct heapring_header *header = &profile->segment->header;
	char preceding[sizeof(header->preceding)];

	if (profile->total[PROFILE_ALLOC_OBJECTS] > 0 || profile->wants.mappings ||
	    header->mode == HR_MODE_DORMANT)
		return;
	snprintf(preceding, sizeof(preceding), "%s", header->preceding);
	text_make_printable(preceding);
	if (*preceding)
		fprintf(to,
			"no allocation was seen: malloc of %s comes before the shim's\n",
			preceding);
	else
		fprintf(to, "no allocation was seen: see `heapring doctor`\n");
}
