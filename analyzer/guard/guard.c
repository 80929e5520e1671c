#include "analyzer/guard/guard.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "analyzer/machine/clock.h"
#include "analyzer/profile/report.h"
#include "analyzer/segment/segment_map.h"

struct watch {
	struct guard *guard;
	double start_s, now_s, checked_s;
	bool is_failing;
};

static volatile sig_atomic_t stopped;

static void stop(int signal_number)
{
	stopped = signal_number;
}

static void say(const char *what, const char *text)
{
	char clock[16];
	time_t now = time(NULL);
	struct tm tm;

	localtime_r(&now, &tm);
	strftime(clock, sizeof(clock), "%H:%M:%S", &tm);
	fprintf(stderr, "heapring: %s %s%s\n", clock, what, text);
}

static void run_after(struct watch *watch, const char *path, const char *reason)
{
	struct guard *guard = watch->guard;
	char pid[16];
	const struct guard_variable set[] = { { "HEAPRING_DUMP", path },
					      { "HEAPRING_PID", pid },
					      { "HEAPRING_REASON", reason },
					      { NULL, NULL } };

	if (!guard->after.line)
		return;
	snprintf(pid, sizeof(pid), "%u", guard->target.header.pid);
	guard_command_poll(&guard->after, watch->now_s);
	if (!guard_command_begin(&guard->after, set, watch->now_s))
		say("not run, for the last one still runs: ", guard->after.line);
}

/* reason: for people and commands; name: the same in a file's name. */
static void keep(struct watch *watch, const char *reason, const char *name)
{
	struct guard *guard = watch->guard;
	const char *path;
	char text[PATH_MAX + 160];
	uint64_t bytes = 0;
	struct fault fault;

	guard->events++;
	if (guard_files_add(&guard->files, &guard->target, name, &path, &bytes, &fault) <
	    0) {
		guard->failure = fault;
		say(reason, ": no dump");
		fault_print(&fault);
		return;
	}
	snprintf(text, sizeof(text), ": wrote %s, %s", path, units_bytes(bytes).text);
	say(reason, text);
	run_after(watch, path, reason);
}

static void look_at_levels(struct watch *watch)
{
	struct guard *guard = watch->guard;
	struct guard_memory memory;
	char reason[160], name[64];

	guard_memory_read(guard->target.header.pid, &memory);
	for (unsigned i = 0; i < guard->levels.count; i++) {
		struct guard_level *level = &guard->levels.level[i];

		if (!guard_level_crossed(level, &memory))
			continue;
		if (level->percent > 0)
			snprintf(reason, sizeof(reason), "%s: %s of %s used %s",
				 level->name, units_bytes(memory.used).text,
				 units_bytes(memory.limit).text,
				 memory.is_group ? "in its group" : "in the machine");
		else
			snprintf(reason, sizeof(reason), "%s: %s resident", level->name,
				 units_bytes(memory.resident).text);
		snprintf(name, sizeof(name), "at-%.*s%s", (int)strcspn(level->name, "%"),
			 level->name, level->percent > 0 ? "pct" : "");
		keep(watch, reason, name);
	}
}

static void look_at_health(struct watch *watch)
{
	struct guard *guard = watch->guard;
	enum guard_outcome outcome = guard_command_poll(&guard->check, watch->now_s);

	if (outcome == GUARD_WELL && watch->is_failing) {
		say("the health check passes again", "");
		watch->is_failing = false;
	}
	if (outcome == GUARD_BADLY && !watch->is_failing) {
		watch->is_failing = true;
		keep(watch, "the health check fails", "unhealthy");
	}
	if (watch->now_s - watch->checked_s >= guard->check_every_s &&
	    guard_command_begin(&guard->check, NULL, watch->now_s))
		watch->checked_s = watch->now_s;
}

/* False: the process ended; how, is said and, when it was killed, kept. */
static bool is_alive(struct watch *watch)
{
	struct target *target = &watch->guard->target;
	char state[64], name[HR_EXE + 64], text[HR_EXE + 160];
	struct fault ignored;

	segment_map_header(target->fd, target->path, &target->header, &ignored);
	target->life = segment_life(&target->header, target->path);
	if (target->life == SEGMENT_LIVE)
		return true;
	report_name(&target->header, name, sizeof(name));
	report_state(&target->header, target->life, state, sizeof(state));
	snprintf(text, sizeof(text), "%s, pid %u, %s", name, target->header.pid, state);
	watch->guard->was_killed = target->life == SEGMENT_KILLED;
	if (watch->guard->was_killed)
		keep(watch, text, "killed");
	else
		say(text, "");
	return false;
}

static void look(struct watch *watch)
{
	guard_command_poll(&watch->guard->after, watch->now_s);
	look_at_levels(watch);
	if (watch->guard->check.line)
		look_at_health(watch);
}

void guard_watch(struct guard *guard)
{
	struct watch watch = { .guard = guard,
			       .start_s = clock_s(),
			       .checked_s = -guard->check_every_s };
	const struct timespec pause = {
		.tv_sec = (time_t)guard->every_s,
		.tv_nsec = (long)((guard->every_s - (double)(time_t)guard->every_s) * 1e9)
	};

	signal(SIGINT, stop);
	signal(SIGTERM, stop);
	signal(SIGHUP, stop);
	while (!stopped) {
		watch.now_s = clock_s();
		if (!is_alive(&watch) ||
		    (guard->for_s > 0 && watch.now_s - watch.start_s >= guard->for_s))
			break;
		look(&watch);
		nanosleep(&pause, NULL);
	}
	guard_command_finish(&guard->after);
	guard_command_finish(&guard->check);
}
