/*
 * report_json - the keys that all views share
 *
 * jansson refuses strings that are not UTF-8 and numbers that are not finite;
 * names come from files, so both are dealt with here.
 */
#include "analyzer/profile/report.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/console/valid_text.h"
#include "analyzer/profile/profile_snapshot.h"

json_t *report_json_text(const char *text)
{
	json_t *string = json_string(text);
	char *clean;

	if (string)
		return string;
	clean = valid_text(text);
	if (!clean)
		return NULL;
	string = json_string(clean);
	free(clean);
	return string ? string : json_string("?");
}

static json_t *command_of(const struct heapring_header *header)
{
	json_t *command = json_array();
	uint32_t at = 0;

	while (at < header->command_len && at < HR_COMMAND) {
		json_array_append_new(command, report_json_text(header->command + at));
		at += (uint32_t)strlen(header->command + at) + 1;
	}
	return command;
}

json_t *report_json_process(const struct heapring_header *header, enum segment_life life)
{
	/* the image that exec replaced ended; what went on is another segment */
	const char *state = life == SEGMENT_EXECED ? "exited" : segment_life_name(life);
	json_t *exit_code =
		life == SEGMENT_EXITED ? json_integer(header->exit_code) : json_null();
	json_t *exit_signal = life == SEGMENT_KILLED && header->exit_signal > 0
				      ? json_integer(header->exit_signal)
				      : json_null();

	return json_pack("{s:i, s:o, s:o, s:I, s:s, s:o, s:o}", "pid", (int)header->pid,
			 "exe", report_json_text(header->exe), "command",
			 command_of(header), "start_unix_ns",
			 (json_int_t)header->start_unix_ns, "state", state, "exit",
			 exit_code, "signal", exit_signal);
}

json_t *report_json_mode(const struct heapring_header *header)
{
	static const char *const kinds[] = { "exact", "sampled", "dormant" };

	return json_pack("{s:s, s:I}", "kind",
			 kinds[header->mode <= HR_MODE_DORMANT ? header->mode : 0],
			 "rate_bytes", (json_int_t)header->rate);
}

json_t *report_json_coverage(const struct profile_coverage *coverage)
{
	return json_pack("{s:f, s:I, s:I, s:I, s:I, s:I, s:I}", "stacks_complete_pct",
			 coverage->stacks_complete_pct, "truncated",
			 (json_int_t)coverage->truncated, "overflow",
			 (json_int_t)coverage->overflow, "missed_frees",
			 (json_int_t)coverage->missed_frees, "untracked_frees",
			 (json_int_t)coverage->untracked_frees, "bypassed",
			 (json_int_t)coverage->bypassed, "dropped",
			 (json_int_t)coverage->dropped);
}

static json_t *total_of(const struct profile *profile)
{
	json_t *total = json_object();

	for (int s = 0; s < PROFILE_SAMPLES; s++)
		json_object_set_new(total, profile_sample_name((enum profile_sample)s),
				    json_integer((json_int_t)profile->total[s]));
	json_object_set_new(total, "peak_space",
			    json_integer((json_int_t)profile->peak_space));
	return total;
}

static json_t *snapshot_of(const struct profile_snapshot *snapshot)
{
	return json_pack("{s:o, s:f, s:I, s:o, s:i}", "name",
			 report_json_text(snapshot->name), "s",
			 (double)snapshot->at_ns / 1e9, "level",
			 (json_int_t)snapshot->level, "resident",
			 snapshot->resident ? json_integer((json_int_t)snapshot->resident)
					    : json_null(),
			 "left_out", (int)snapshot->left_out);
}

json_t *report_json(const struct profile *profile, const char *view,
		    enum profile_sample sample)
{
	const struct heapring_header *header = &profile->segment->header;
	json_t *object = json_pack(
		"{s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:s, s:s}", "schema", "heapring/1",
		"kind", profile->wants.mappings ? "mappings" : "heap", "view", view,
		"process", report_json_process(header, profile->life), "mode",
		report_json_mode(header), "coverage",
		report_json_coverage(&profile->coverage), "total", total_of(profile),
		"sample", profile_sample_name(sample), "unit",
		profile_sample_is_bytes(sample) ? "bytes" : "count");

	if (object && profile->snapshot)
		json_object_set_new(object, "snapshot", snapshot_of(profile->snapshot));
	return object;
}

int report_json_print(json_t *object)
{
	int r = -1;

	if (object)
		r = json_dumpf(object, stdout, JSON_COMPACT | JSON_REAL_PRECISION(12));
	json_decref(object);
	putchar('\n');
	if (r == 0 && fflush(stdout) == 0)
		return 0;
	fprintf(stderr, "heapring: cannot write the JSON to stdout: %s\n",
		strerror(errno));
	return FAULT_INPUT;
}
