/*
 * sink_chaos - a sink that misbehaves on order, for tests and demonstrations
 *
 * Wraps any sink. --chaos takes a list of
 *   slow=US            each message takes this long
 *   outage=START:SECS  from START seconds after the first write, for SECS seconds,
 *                      every write fails as if the connection were lost
 *   refuse=PERCENT     this share of the rows is refused; a row's fate depends
 *                      on its offset, half of the refused recover at a retry
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "pipeline/base/memory.h"
#include "pipeline/base/say.h"
#include "pipeline/base/units.h"
#include "pipeline/sink/sink.h"

struct chaos {
	struct sink sink;
	struct sink *inner;
	double slow_us, outage_start, outage_for, refuse;
	uint64_t first_ns;
};

static bool in_outage(struct chaos *c)
{
	double at;

	if (c->first_ns == 0)
		c->first_ns = units_now_ns();
	at = (double)(units_now_ns() - c->first_ns) / 1e9;
	return at >= c->outage_start && at < c->outage_start + c->outage_for;
}

static void take_time(double us)
{
	struct timespec pause = { (time_t)(us / 1e6), (long)(us * 1e3) % 1000000000L };

	if (us > 0)
		nanosleep(&pause, NULL);
}

static bool refused(const struct chaos *c, const struct row *row)
{
	uint64_t hash = (uint64_t)(row->offset * 4096 + row->partition) *
			UINT64_C(0x9e3779b97f4a7c15);

	/* a row that comes from the retry queue has no slot of its own: n == 1 */
	return (double)(hash >> 40) / (double)(1 << 24) < c->refuse;
}

static int refuse_some(struct chaos *c, struct row *rows, unsigned n)
{
	double share = n == 1 ? c->refuse / 2 : c->refuse;
	struct chaos now = { .refuse = share };
	unsigned count = 0;

	for (unsigned i = 0; i < n; i++) {
		if (rows[i].state != ROW_GOOD || !refused(&now, &rows[i]))
			continue;
		rows[i].state = ROW_REFUSED;
		rows[i].why = "refused by --chaos";
		count++;
	}
	return count == 0 ? 0 : -EBADMSG;
}

static int chaos_write(struct sink *sink, struct row *rows, unsigned n)
{
	struct chaos *c = (struct chaos *)sink;
	int r;

	if (in_outage(c)) {
		snprintf(sink->error, sizeof(sink->error), "outage made by --chaos");
		return -EAGAIN;
	}
	take_time(c->slow_us * n);
	if (c->refuse > 0 && refuse_some(c, rows, n) != 0)
		return -EBADMSG;
	r = sink_write(c->inner, rows, n);
	sink->duplicates = c->inner->duplicates;
	memcpy(sink->error, c->inner->error, sizeof(sink->error));
	return r;
}

static void chaos_close(struct sink *sink)
{
	struct chaos *c = (struct chaos *)sink;

	sink_close(c->inner);
	free(c);
}

static int read_plan(struct chaos *c, const char *plan)
{
	while (*plan != '\0') {
		int used = 0;

		if (sscanf(plan, "slow=%lf%n", &c->slow_us, &used) < 1 &&
		    sscanf(plan, "outage=%lf:%lf%n", &c->outage_start, &c->outage_for,
			   &used) < 2 &&
		    sscanf(plan, "refuse=%lf%n", &c->refuse, &used) < 1)
			return -EINVAL;
		plan += used;
		if (*plan == ',')
			plan++;
		else if (*plan != '\0')
			return -EINVAL;
	}
	/* written so that what is no number fails too */
	if (!(c->slow_us >= 0 && c->outage_start >= 0 && c->outage_for >= 0 &&
	      c->refuse >= 0 && c->refuse <= 100))
		return -EINVAL;
	c->refuse /= 100;
	return 0;
}

struct sink *sink_chaos_open(struct sink *inner, const char *plan)
{
	static const struct sink_ops ops = { "chaos", chaos_write, chaos_close };
	struct chaos *c = memory_zero(1, sizeof(*c));

	if (c == NULL || read_plan(c, plan) != 0) {
		say_error("--chaos %s: not understood; give slow=US,"
			  "outage=START:SECONDS,refuse=PERCENT",
			  plan);
		free(c);
		sink_close(inner);
		return NULL;
	}
	c->sink.ops = &ops;
	c->inner = inner;
	return &c->sink;
}
