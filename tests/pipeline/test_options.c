/*
 * test_options - the contract in pipeline/limits/options.h
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <criterion/redirect.h>

#include "pipeline/base/say.h"
#include "pipeline/limits/options.h"

static struct options o;

static int parse(const char *const *words)
{
	char *argv[32] = { (char *)"heapring-pipeline" };
	int argc = 1;

	for (; *words != NULL; words++)
		argv[argc++] = (char *)*words;
	return options_parse(argc, argv, &o);
}

#define PARSE(...) parse((const char *[]){ __VA_ARGS__, NULL })

Test(options, values_arrive)
{
	cr_assert(eq(int,
		     PARSE("run", "--broker", "h:9092", "--messages=5", "--memory",
			   "20MiB", "--batch-wait", "7", "--decode", "copy", "--encoding",
			   "protobuf"),
		     0));
	cr_expect(eq(u64, o.messages, 5));
	cr_expect(eq(u64, o.memory, 20u << 20));
	cr_expect(eq(u64, o.batch_wait_us, 7000));
	cr_expect(eq(int, o.decode, DECODE_COPY));
	cr_expect(eq(int, o.encoding, ENCODING_PROTOBUF));
	cr_expect(not(o.embedded));
}

Test(options, a_bare_duration_is_seconds)
{
	cr_assert(eq(int, PARSE("run", "--duration", "2"), 0));
	cr_expect(eq(u64, o.duration_us, 2000000));
	cr_assert(eq(int, PARSE("run", "--duration", "500ms"), 0));
	cr_expect(eq(u64, o.duration_us, 500000));
}

Test(options, wrong_ones_are_refused_with_one_line, .init = cr_redirect_stderr)
{
	cr_expect(eq(int, PARSE("walk"), EXIT_USAGE));
	cr_expect(eq(int, PARSE("run", "--no-such"), EXIT_USAGE));
	cr_expect(eq(int, PARSE("run", "--workers"), EXIT_USAGE));
	cr_expect(eq(int, PARSE("run", "--workers", "0"), EXIT_USAGE));
	cr_expect(eq(int, PARSE("run", "--workers", "many"), EXIT_USAGE));
	cr_expect(eq(int, PARSE("run", "--decode", "magic"), EXIT_USAGE));
	cr_expect(eq(int, PARSE("run", "--sink", "oracle:x"), EXIT_USAGE));
	cr_expect(eq(int, PARSE("run", "--broker", "nowhere"), EXIT_USAGE));
	cr_expect(eq(int, PARSE("run", "--broker", "h:70000"), EXIT_USAGE));
	cr_expect(eq(int, PARSE("run", "extra"), EXIT_USAGE));
	cr_expect(
		eq(int, PARSE("run", "--messages", "1", "--duration", "1"), EXIT_USAGE));
	cr_expect(eq(int, PARSE("run", "--broker", "h:1", "--rate", "5"), EXIT_USAGE));
	cr_expect(eq(int, PARSE("run", "--broker", "h:1", "--poison", "5"), EXIT_USAGE));
	cr_expect(eq(int, PARSE("run", "--broker", "h:1", "--partitions", "5"),
		     EXIT_USAGE));
	cr_expect(eq(int, PARSE("run", "--sink", "sqlitefile"), EXIT_USAGE));
	cr_expect(eq(int, PARSE("run", "--latency", "5ms"), EXIT_USAGE));
	cr_expect(eq(int, PARSE("plan", "--broker", "h:1"), EXIT_USAGE));
	cr_expect(eq(int, PARSE("faults", "--rate", "5"), EXIT_USAGE));
	cr_expect(eq(int, PARSE("produce"), EXIT_USAGE));
}
