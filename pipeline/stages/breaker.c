/*
 * breaker - stop taking messages before memory runs out
 *
 * The limits of a run should keep it far below the breaker; it is there for what
 * the arithmetic did not know: a library that grew, a fault, a neighbour in the
 * same control group.
 *
 * While it is open the belt drains and freed memory is handed back. If everything
 * has drained and the process is still above the mark, waiting longer cannot help:
 * after STUCK_NS it closes and moves its marks to what the process really needs,
 * halfway to the limit, so that it cannot close the shop for good.
 */
#include "pipeline/stages/breaker.h"

#include "pipeline/base/cgroup.h"
#include "pipeline/base/memory.h"
#include "pipeline/base/say.h"
#include "pipeline/base/units.h"

#define BREAKER_PERIOD_NS 20000000u
#define STUCK_NS UINT64_C(2000000000)

void breaker_init(struct breaker *b, const struct run *run)
{
	size_t group = cgroup_memory_limit_here();

	*b = (struct breaker){ .limit = run->limits.memory };
	if (group != 0 && (b->limit == 0 || group < b->limit))
		b->limit = group;
	if (run->fault != NULL)
		b->limit = 0; /* an anti-pattern has no breaker */
	b->open_at = b->limit / 100 * 85;
	b->close_at = b->limit / 100 * 75;
}

static void open_up(struct breaker *b, struct run *run, size_t resident)
{
	char text[UNITS_TEXT_MAX], limit[UNITS_TEXT_MAX];

	b->open = true;
	b->opened_ns = units_now_ns();
	atomic_store_explicit(&run->stats.breaker_open, true, memory_order_relaxed);
	stats_add(&run->stats.breaker_opened, 1);
	say_note("memory breaker open: %s resident of %s; taking nothing new",
		 units_bytes_text(text, resident), units_bytes_text(limit, b->limit));
}

static void close_down(struct breaker *b, struct run *run, size_t resident)
{
	char text[UNITS_TEXT_MAX];

	b->open = false;
	atomic_store_explicit(&run->stats.breaker_open, false, memory_order_relaxed);
	say_note("memory breaker closed: %s resident", units_bytes_text(text, resident));
}

static void while_open(struct breaker *b, struct run *run, size_t resident)
{
	if (resident >= b->close_at) {
		memory_trim();
		resident = memory_resident();
	}
	if (resident >= b->close_at && units_now_ns() - b->opened_ns > STUCK_NS &&
	    belt_drained(run->belt, 0)) {
		b->close_at = resident + 1;
		b->open_at = resident +
			     (b->limit > resident ? (b->limit - resident) / 2 : 0) +
			     (1 << 20);
		say_note("memory breaker: nothing left to give back; the process itself "
			 "needs more than 75 %% of the limit");
	}
	if (resident < b->close_at)
		close_down(b, run, resident);
}

bool breaker_check(struct breaker *b, struct run *run)
{
	uint64_t now = units_now_ns();
	size_t resident;

	if (b->limit == 0 || now - b->looked_ns < BREAKER_PERIOD_NS)
		return b->open;
	b->looked_ns = now;
	resident = memory_resident();
	if (b->open)
		while_open(b, run, resident);
	else if (resident >= b->open_at)
		open_up(b, run, resident);
	return b->open;
}
