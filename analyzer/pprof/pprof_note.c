/*
 * pprof_note - what pprof's format has no fields for, as one text
 */
#include "analyzer/pprof/pprof_note.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/profile/report.h"

#define PREFIX "heapring note "

char *pprof_note_write(const struct profile *profile)
{
	json_t *object = report_json(profile, "note", PROFILE_INUSE_SPACE);
	char *text = json_dumps(object, JSON_COMPACT | JSON_REAL_PRECISION(12));
	char *note = NULL;

	json_decref(object);
	if (!text || asprintf(&note, PREFIX "%s", text) < 0)
		note = NULL;
	free(text);
	return note;
}

static uint64_t number(const json_t *object, const char *key)
{
	json_int_t value = json_integer_value(json_object_get(object, key));

	return value > 0 ? (uint64_t)value : 0;
}

static void read_command(const json_t *command, struct heapring_header *header)
{
	const json_t *argument;
	size_t i;

	json_array_foreach(command, i, argument)
	{
		const char *text = json_string_value(argument);
		size_t length = text ? strlen(text) + 1 : 0;

		if (length == 0 || header->command_len + length > HR_COMMAND)
			break;
		memcpy(header->command + header->command_len, text, length);
		header->command_len += (uint32_t)length;
	}
}

static void read_process(const json_t *process, struct profile *profile)
{
	struct heapring_header *header = &profile->segment->header;
	const char *exe = json_string_value(json_object_get(process, "exe"));
	const char *state = json_string_value(json_object_get(process, "state"));

	header->pid = (uint32_t)number(process, "pid");
	header->start_unix_ns = number(process, "start_unix_ns");
	header->exit_code = (int32_t)number(process, "exit");
	header->exit_signal = (int32_t)number(process, "signal");
	snprintf(header->exe, sizeof(header->exe), "%s", exe ? exe : "");
	read_command(json_object_get(process, "command"), header);
	profile->life = SEGMENT_EXITED;
	for (int life = SEGMENT_LIVE; state && life <= SEGMENT_KILLED; life++)
		if (strcmp(state, segment_life_name((enum segment_life)life)) == 0)
			profile->life = (enum segment_life)life;
}

static void read_mode(const json_t *mode, struct heapring_header *header)
{
	const char *kind = json_string_value(json_object_get(mode, "kind"));

	header->rate = number(mode, "rate_bytes");
	header->mode = kind && strcmp(kind, "sampled") == 0   ? HR_MODE_SAMPLED
		       : kind && strcmp(kind, "dormant") == 0 ? HR_MODE_DORMANT
							      : HR_MODE_EXACT;
}

static void read_coverage(const json_t *from, struct profile_coverage *coverage)
{
	coverage->stacks_complete_pct =
		json_number_value(json_object_get(from, "stacks_complete_pct"));
	coverage->truncated = number(from, "truncated");
	coverage->overflow = number(from, "overflow");
	coverage->missed_frees = number(from, "missed_frees");
	coverage->untracked_frees = number(from, "untracked_frees");
	coverage->bypassed = number(from, "bypassed");
	coverage->dropped = number(from, "dropped");
}

bool pprof_note_read(const char *text, struct profile *profile)
{
	json_t *object;

	if (strncmp(text, PREFIX, strlen(PREFIX)) != 0)
		return false;
	object = json_loads(text + strlen(PREFIX), 0, NULL);
	if (!json_is_object(object)) {
		json_decref(object);
		return false;
	}
	read_process(json_object_get(object, "process"), profile);
	read_mode(json_object_get(object, "mode"), &profile->segment->header);
	read_coverage(json_object_get(object, "coverage"), &profile->coverage);
	profile->peak_space = number(json_object_get(object, "total"), "peak_space");
	json_decref(object);
	return true;
}
