/*
 * run_summary - what `heapring run` says when the program has ended
 */
#include "analyzer/launch/run_summary.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "analyzer/launch/prospect.h"
#include "analyzer/profile/report.h"
#include "analyzer/views/place_rows.h"
#include "analyzer/views/view_target.h"

#define ROWS 2u
#define ROWS_WITH_CHILDREN 1u /* so that it stays ten lines */

static struct units_text objects(uint64_t count)
{
	return units_signed_counted((int64_t)count, "object");
}

static void print_totals(const struct profile *profile,
			 const struct launch_result *result)
{
	const struct heapring_header *header = &profile->segment->header;
	char name[HR_EXE], state[64], mode[64];

	report_name(header, name, sizeof(name));
	report_state(header, profile->life, state, sizeof(state));
	report_mode(header, mode, sizeof(mode));
	fprintf(stderr, "heapring: %s, pid %u, %s after %.2fs, %s\n", name, header->pid,
		state, (double)result->elapsed_ns / 1e9, mode);
	fprintf(stderr, "heapring: in use at the end %s in %s, peak %s\n",
		units_bytes(profile->total[PROFILE_INUSE_SPACE]).text,
		objects(profile->total[PROFILE_INUSE_OBJECTS]).text,
		units_bytes(profile->peak_space).text);
	fprintf(stderr, "heapring: allocated %s in %s\n",
		units_bytes(profile->total[PROFILE_ALLOC_SPACE]).text,
		objects(profile->total[PROFILE_ALLOC_OBJECTS]).text);
}

static void print_rows(const struct view_target *target, enum profile_sample sample,
		       const char *what, uint32_t most)
{
	const struct profile *profile = target->profile;
	struct place_rows rows;
	struct fault ignored;

	if (place_rows_load_responsible(&target->set, target->places, sample, &rows,
					&ignored) < 0)
		return;
	for (uint32_t i = 0; i < most && i < rows.count && rows.rows[i].flat[sample]; i++)
		fprintf(stderr, "heapring: %-15s %9s %6s  %s\n", i == 0 ? what : "",
			units_bytes((uint64_t)rows.rows[i].flat[sample]).text,
			units_percent((double)rows.rows[i].flat[sample],
				      (double)profile->total[sample])
				.text,
			stack_view_place(target->view, rows.rows[i].place)->function);
	place_rows_done(&rows);
}

static void print_children(const struct run_family *family, const char *kept)
{
	const struct run_child *largest = &family->largest;
	char dump[PATH_MAX + 16] = "";

	if (largest->pid == 0)
		return;
	if (kept)
		snprintf(dump, sizeof(dump), "%s.", kept);
	fprintf(stderr, "heapring: %s; the highest peak, %s, had %s: heapring top %s%u\n",
		units_counted(family->count - 1, "more process").text,
		units_bytes(largest->peak).text, largest->name, dump, largest->pid);
}

static void print_target(const struct view_target *target,
			 const struct run_family *family, const char *kept,
			 const struct launch_result *result)
{
	print_totals(target->profile, result);
	print_rows(target, PROFILE_INUSE_SPACE, "most in use:", ROWS);
	print_rows(target, PROFILE_ALLOC_SPACE,
		   "most allocated:", family->largest.pid ? ROWS_WITH_CHILDREN : ROWS);
	fputs("heapring: ", stderr);
	report_coverage(target->profile, stderr);
	if (kept)
		fprintf(stderr,
			"heapring: is it a leak, where: heapring audit %s\n"
			"heapring: more: heapring top %s\n",
			kept, kept);
	else
		fprintf(stderr,
			"heapring: is it a leak, where: heapring audit %u\n"
			"heapring: more: heapring top %u  (%s)\n",
			target->profile->segment->header.pid,
			target->profile->segment->header.pid, family->members[0].path);
	print_children(family, kept);
}

void run_summary_print(const struct run_family *family, const char *kept,
		       const struct launch_result *result)
{
	struct view_options options;
	struct view_target target;
	struct fault fault;

	view_options_init(&options);
	options.find_culprits = true;
	if (view_target_load(family->members[0].path, &options, &target, &fault) < 0) {
		fault_print(&fault);
	} else {
		print_target(&target, family, kept, result);
		view_target_done(&target);
	}
	view_options_done(&options);
}

void run_summary_explain_nothing(const char *program, size_t others)
{
	struct prospect prospect;
	struct fault fault;
	char also[80] = "";

	if (others > 0)
		snprintf(also, sizeof(also),
			 "; %s profiled too, see `heapring ps --tree`",
			 units_counted(others, "other process").text);
	if (prospect_load(program, &prospect, &fault) < 0) {
		fprintf(stderr, "heapring: NO ALLOCATION WAS SEEN: %s%s\n", fault.text,
			also);
		return;
	}
	if (prospect.verdict == PROSPECT_FULL)
		fprintf(stderr,
			"heapring: NO ALLOCATION WAS SEEN: %s allocated nothing, was "
			"killed "
			"at once, or runs another program without LD_PRELOAD%s\n",
			prospect.file.path, also);
	else
		fprintf(stderr, "heapring: NO ALLOCATION WAS SEEN: %s: %s; to do: %s%s\n",
			prospect.file.path, prospect.reason, prospect.advice, also);
	prospect_done(&prospect);
}

void run_summary_explain_part(const char *program)
{
	struct prospect prospect;
	struct fault ignored;

	if (prospect_load(program, &prospect, &ignored) < 0)
		return;
	if (prospect.verdict != PROSPECT_FULL)
		fprintf(stderr, "heapring: ONLY A PART WAS SEEN: %s: %s; to do: %s\n",
			prospect.file.path, prospect.reason, prospect.advice);
	prospect_done(&prospect);
}
