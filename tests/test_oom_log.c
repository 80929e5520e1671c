/*
 * test_oom_log - the contract of oom_log_parse() in analyzer/machine/oom_log.h
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "analyzer/machine/oom_log.h"

#define NOW (1000 * 1000000000ull)

static struct oom_kill parse(const char *record)
{
	struct oom_kill kill;

	cr_assert(oom_log_parse(record, NOW, &kill), "%s", record);
	return kill;
}

Test(oom_log, a_kill_at_the_limit_of_a_group)
{
	struct oom_kill kill = parse(
		"3,1204,990000000,-;Memory cgroup out of memory: Killed process 24065 "
		"(python3) total-vm:75160kB, anon-rss:65152kB, file-rss:6660kB, "
		"shmem-rss:0kB, UID:0 pgtables:184kB oom_score_adj:0");

	cr_expect(eq(u32, kill.pid, 24065));
	cr_expect(eq(str, kill.program, "python3"));
	cr_expect(eq(u64, kill.resident, 65152ull << 10));
	cr_expect(eq(u64, kill.ago_ns, 10 * 1000000000ull));
	cr_expect(kill.by_group);
}

Test(oom_log, a_kill_when_the_machine_is_out_of_memory)
{
	struct oom_kill kill = parse("3,7,5,-;Out of memory: Killed process 7 (x) "
				     "total-vm:1kB, anon-rss:2kB, file-rss:0kB");

	cr_expect(not(kill.by_group));
	cr_expect(eq(u64, kill.resident, 2048));
}

Test(oom_log, the_wording_of_older_kernels)
{
	struct oom_kill kill =
		parse("3,7,5,-;Out of memory: Kill process 31 (old) score 9 "
		      "or sacrifice child");

	cr_expect(eq(u32, kill.pid, 31));
	cr_expect(eq(str, kill.program, "old"));
	cr_expect(eq(u64, kill.resident, 0));
}

Test(oom_log, a_name_may_hold_brackets_and_what_no_terminal_should_see)
{
	struct oom_kill kill =
		parse("3,7,5,-;Out of memory: Killed process 8 (a) (b\033c) "
		      "total-vm:1kB, anon-rss:1kB");

	cr_expect(eq(str, kill.program, "a) (b?c"));
}

Test(oom_log, a_record_of_the_future_is_no_time_ago)
{
	cr_expect(
		eq(u64,
		   parse("3,7,99999999999,-;Out of memory: Killed process 8 (a)").ago_ns,
		   0));
}

Test(oom_log, other_records_are_none)
{
	static const char *const others[] = {
		"",
		"3",
		"3,7,5,-;",
		"3,7,5,-;Out of memory: Killed process",
		";",
		"6,7,5,-;oom-kill:constraint=CONSTRAINT_MEMCG,task=python3,pid=24065,uid="
		"0",
		"3,7,5,-;Out of memory: Killed process x (y)",
		"4,7,5,-;oom_reaper: reaped process 24065 (python3), now anon-rss:0kB",
	};
	struct oom_kill kill;

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		cr_expect(not(oom_log_parse(others[i], NOW, &kill)), "%s", others[i]);
}
