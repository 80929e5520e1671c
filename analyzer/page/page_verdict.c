/*
 * page_verdict - what `audit` says of the profile that a page shows
 */
#include "analyzer/page/page_verdict.h"

#include <stdio.h>

#include "analyzer/audit/audit.h"
#include "analyzer/audit/audit_print.h"
#include "analyzer/profile/history.h"

#define PID_TEXT 16

/* Of a process that lives the kernel says where its limit is. */
static void read_surroundings(const struct profile *profile,
			      struct audit_surroundings *around)
{
	const struct heapring_header *header = &profile->segment->header;
	bool alive = profile->life == SEGMENT_LIVE && header->kind != SEGMENT_KIND_DUMP;
	const struct audit_surroundings_wants wants = {
		.pid = alive ? (int)header->pid : 0,
		.private_table = header->private_table,
	};
	struct fault ignored;

	if (audit_surroundings_read(&wants, around, &ignored) < 0)
		*around = (struct audit_surroundings){ 0 };
}

/* What the commands in its advice are to be typed with. */
static void name_target(const struct profile *profile, const char *name,
			char pid[PID_TEXT], struct audit_surroundings *around)
{
	const struct heapring_header *header = &profile->segment->header;

	snprintf(pid, PID_TEXT, "%u", header->pid);
	around->target = header->kind == SEGMENT_KIND_DUMP ? name : pid;
}

json_t *page_verdict(const struct view_target *target, const char *name)
{
	const struct profile *profile = target->profile;
	char pid[PID_TEXT];
	struct audit_surroundings around = { 0 };
	json_t *object = NULL;
	struct audit *audit;
	struct fault ignored;

	if (!profile->history || target->window.has_at || target->window.has_since)
		return NULL;
	read_surroundings(profile, &around);
	name_target(profile, name, pid, &around);
	if (audit_profile(profile, target->symbols, &around, &audit, &ignored) == 0) {
		object = audit_print_json(
			&(struct audit_printed){ audit, profile, target->symbols });
		audit_free(audit);
	}
	audit_surroundings_done(&around);
	return object;
}
