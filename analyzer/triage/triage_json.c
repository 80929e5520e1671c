/*
 * triage_json - the first minute as JSON; what is not known is null
 */
#include "analyzer/triage/triage_print.h"

#include "analyzer/profile/report.h"

static json_t *number(uint64_t value)
{
	return json_integer((json_int_t)value);
}

static json_t *number_if(bool known, uint64_t value)
{
	return known ? number(value) : json_null();
}

static json_t *eta(double seconds)
{
	return seconds < 0 ? json_null() : json_real(seconds);
}

static json_t *pressure(bool known, const struct memory_pressure *p)
{
	if (!known)
		return json_null();
	return json_pack("{s:f, s:f, s:f, s:f}", "some_10s", p->some_10s, "some_60s",
			 p->some_60s, "full_10s", p->full_10s, "full_60s", p->full_60s);
}

static json_t *machine(const struct triage *triage)
{
	const struct machine_memory *now = &triage->now;
	bool known = now->total > 0;

	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "total",
			 number_if(known, now->total), "available",
			 number_if(known, now->available), "swap_total",
			 number_if(known, now->swap_total), "swap_free",
			 number_if(known, now->swap_free), "eta_s",
			 eta(triage_eta(triage, now->total - triage->before.available,
					now->total - now->available, now->total)),
			 "pressure", pressure(now->has_pressure, &now->pressure));
}

static json_t *groups(const struct triage *triage)
{
	json_t *rows = json_array();

	for (unsigned i = 0; i < triage->groups_count; i++) {
		const struct control_group *now = &triage->groups[i].now;
		uint64_t before = control_group_used(&triage->groups[i].before);
		uint64_t used = control_group_used(now);

		json_array_append_new(
			rows, json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
					"name", report_json_text(now->name), "limit",
					number(now->limit), "used", number(used),
					"charged", number(now->use), "high",
					number_if(now->high > 0, now->high), "held_back",
					number_if(now->high > 0, now->held_back), "eta_s",
					eta(triage_eta(triage, before, used, now->limit)),
					"oom_kills",
					number_if(now->has_kills, now->kills), "pressure",
					pressure(now->has_pressure, &now->pressure)));
	}
	return rows;
}

static json_t *kills(const struct triage *triage)
{
	json_t *rows = triage->has_log ? json_array() : json_null();

	for (unsigned i = 0; i < triage->log.count; i++) {
		const struct oom_kill *kill = &triage->log.kill[i];

		json_array_append_new(rows,
				      json_pack("{s:I, s:o, s:I, s:f, s:b}", "pid",
						(json_int_t)kill->pid, "program",
						report_json_text(kill->program),
						"resident", (json_int_t)kill->resident,
						"ago_s", (double)kill->ago_ns / 1e9,
						"by_group", kill->by_group));
	}
	return json_pack("{s:o, s:o}", "count",
			 number_if(triage->now.has_kills, triage->now.kills), "log",
			 rows);
}

static json_t *verdict(const struct triage_job *job)
{
	static const char *const answers[] = { "late", "known", "unreadable" };
	const struct triage_verdict *v = job ? &job->verdict : NULL;
	json_t *object;

	if (!v)
		return json_null();
	object = json_pack("{s:s}", "answer", answers[v->answer]);
	if (v->answer == TRIAGE_KNOWN)
		json_object_update_new(
			object,
			json_pack("{s:s, s:s, s:f, s:f, s:f, s:o, s:o}", "verdict",
				  audit_verdict_name(v->verdict), "growth",
				  audit_growth_name(v->growth), "confidence",
				  v->confidence, "rate_bytes_per_s", v->rate_bytes_per_s,
				  "alloc_bytes_per_s", v->alloc_bytes_per_s,
				  "eta_to_limit_s", eta(v->eta_to_limit_s), "culprit",
				  *v->culprit ? report_json_text(v->culprit)
					      : json_null()));
	return object;
}

static json_t *rows_of(const struct triage *triage)
{
	json_t *rows = json_array();

	for (unsigned i = 0; i < triage->rows_count; i++) {
		const struct triage_process *row = &triage->rows[i];
		double rate =
			((double)row->rss - (double)row->rss_before) / triage->window_s;

		json_array_append_new(
			rows,
			json_pack("{s:I, s:o, s:o, s:o, s:f, s:b, s:o, s:o, s:o}", "pid",
				  (json_int_t)row->pid, "program",
				  report_json_text(row->program), "rss", number(row->rss),
				  "pss", number_if(row->has_pss, row->pss),
				  "rss_bytes_per_s", rate, "profiled", row->is_profiled,
				  "inuse_space", number_if(row->is_profiled, row->live),
				  "limit",
				  number_if(row->group.limit > 0, row->group.limit),
				  "audit", verdict(row->job)));
	}
	return rows;
}

static json_t *killed(const struct triage *triage)
{
	json_t *rows = json_array();

	for (unsigned i = 0; i < triage->killed_count; i++) {
		const struct triage_killed *one = &triage->killed[i];

		json_array_append_new(rows,
				      json_pack("{s:I, s:o, s:f, s:o, s:o, s:o}", "pid",
						(json_int_t)one->pid, "program",
						report_json_text(one->program), "ago_s",
						(double)one->ago_ns / 1e9, "inuse_space",
						number(one->live), "file",
						report_json_text(one->job->path), "audit",
						verdict(one->job)));
	}
	return rows;
}

static json_t *next(const struct triage *triage)
{
	json_t *lines = json_array();

	for (unsigned i = 0; i < triage->next_count; i++)
		json_array_append_new(lines, report_json_text(triage->next[i]));
	return lines;
}

json_t *triage_print_json(const struct triage *triage)
{
	return json_pack("{s:s, s:s, s:f, s:o, s:o, s:o, s:o, s:o, s:i, s:i, s:o}",
			 "schema", "heapring/1", "view", "triage", "window_s",
			 triage->window_s, "machine", machine(triage), "groups",
			 groups(triage), "oom", kills(triage), "rows", rows_of(triage),
			 "killed", killed(triage), "killed_more",
			 (int)triage->killed_more, "unreadable", (int)triage->unreadable,
			 "next", next(triage));
}
