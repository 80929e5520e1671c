#include "analyzer/resident/rss_json.h"

#include "analyzer/machine/cgroup_charge.h"
#include "analyzer/profile/report.h"

static json_t *line_json(const struct rss *rss, const struct rss_line *line)
{
	return json_pack(
		"{s:s, s:s, s:i, s:I, s:f, s:s, s:s}", "key", line->key, "what",
		line->what, "depth", (int)line->depth, "bytes", (json_int_t)line->bytes,
		"pct",
		rss->resident ? 100.0 * (double)line->bytes / (double)rss->resident : 0.0,
		"how", line->how, "error", line->error);
}

static json_t *cgroup_json(uint32_t pid)
{
	struct cgroup_charge charge;

	if (cgroup_charge_read(pid, &charge) < 0)
		return json_null();
	return json_pack("{s:i, s:o, s:I, s:o, s:i, s:I, s:I, s:I, s:I, s:I}", "version",
			 (int)charge.version, "path", report_json_text(charge.path),
			 "use", (json_int_t)charge.use, "limit",
			 charge.limit ? json_integer((json_int_t)charge.limit)
				      : json_null(),
			 "processes", (int)charge.processes, "anonymous",
			 (json_int_t)charge.anonymous, "cache", (json_int_t)charge.cache,
			 "shared", (json_int_t)charge.shared, "kernel",
			 (json_int_t)charge.kernel, "rest", (json_int_t)charge.rest);
}

json_t *rss_json(const struct rss *rss, uint32_t pid)
{
	json_t *lines = json_array();

	for (unsigned i = 0; i < rss->lines_count; i++)
		json_array_append_new(lines, line_json(rss, &rss->lines[i]));
	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:b, s:i, s:i, s:i, s:i, "
			 "s:i, s:o, s:o}",
			 "resident", (json_int_t)rss->resident, "counted",
			 (json_int_t)rss->counted, "drift", (json_int_t)rss->drift,
			 "swapped", (json_int_t)rss->swapped, "live",
			 (json_int_t)rss->live, "live_absent",
			 (json_int_t)rss->live_absent, "blocks", (json_int_t)rss->blocks,
			 "estimated", rss->is_estimate, "threads", (int)rss->threads,
			 "stacks_alive", (int)rss->stacks_alive, "stacks_kept",
			 (int)rss->stacks_kept, "arenas", (int)rss->arenas, "heaps",
			 (int)rss->heaps, "lines", lines, "cgroup", cgroup_json(pid));
}
