/*
 * test_http_guard - the contracts of http_guard.h and http_address.h
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <stdlib.h>
#include <string.h>

#include "analyzer/serve/http_address.h"
#include "analyzer/serve/http_guard.h"

static const struct http_guard open_guard = { .names = "box.example,other" };

Test(http_guard, addresses_and_localhost_are_ours_with_any_port)
{
	const char *const ours[] = { "127.0.0.1",   "127.0.0.1:6060", "10.1.2.3:1",
				     "[::1]:6060",  "[fe80::1]",      "localhost",
				     "LocalHost:9", "box.example:80", "OTHER" };

	for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
		cr_expect(http_guard_host(&open_guard, ours[i], false), "%s", ours[i]);
}

Test(http_guard, other_names_are_refused_however_they_are_written)
{
	const char *const others[] = { "evil.example",
				       "127.0.0.1.evil.example",
				       "localhost.",
				       "box.exampl",
				       "box.example.evil",
				       "",
				       ":80",
				       "[",
				       "[::1",
				       "[]:80",
				       "[::1]x",
				       "localhost:80:80",
				       "localhost:x",
				       "evil.example@localhost",
				       "box.example,other" };

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		cr_expect(not(http_guard_host(&open_guard, others[i], true)), "%s",
			  others[i]);
}

Test(http_guard, only_http_1_0_may_leave_the_host_out)
{
	cr_expect(http_guard_host(&open_guard, NULL, true));
	cr_expect(not(http_guard_host(&open_guard, NULL, false)));
}

Test(http_guard, an_origin_has_to_be_ours)
{
	cr_expect(http_guard_origin(&open_guard, NULL));
	cr_expect(http_guard_origin(&open_guard, "http://127.0.0.1:6060"));
	cr_expect(not(http_guard_origin(&open_guard, "null")));
	cr_expect(not(http_guard_origin(&open_guard, "https://evil.example")));
}

Test(http_guard, a_token_has_to_be_the_whole_token)
{
	struct http_guard guard = { .token = "0123456789abcdef" };

	cr_expect(http_guard_token(&guard, "Bearer 0123456789abcdef", NULL));
	cr_expect(http_guard_token(&guard, NULL, "0123456789abcdef"));
	cr_expect(not(http_guard_token(&guard, NULL, NULL)));
	cr_expect(not(http_guard_token(&guard, NULL, "")));
	cr_expect(not(http_guard_token(&guard, "Bearer 0123456789abcde", NULL)));
	cr_expect(not(http_guard_token(&guard, "Bearer 0123456789abcdef0", NULL)));
	cr_expect(not(http_guard_token(&guard, "0123456789abcdef", NULL)));
}

Test(http_guard, without_a_token_none_is_asked_for)
{
	cr_expect(http_guard_token(&open_guard, NULL, NULL));
}

Test(http_guard, a_short_token_is_refused)
{
	struct http_guard guard;
	struct fault fault;

	setenv("HEAPRING_TOKEN", "short", 1);
	cr_expect(lt(int, http_guard_read_token(&guard, NULL, &fault), 0));
	setenv("HEAPRING_TOKEN", "0123456789abcdef", 1);
	cr_expect(eq(int, http_guard_read_token(&guard, NULL, &fault), 0));
	cr_expect(eq(str, guard.token, "0123456789abcdef"));
}

static bool is_loopback(const char *text)
{
	struct http_address address;
	struct fault fault;

	cr_assert(eq(int, http_address_parse(text, &address, &fault), 0), "%s", text);
	return http_address_is_loopback(&address);
}

Test(http_address, loopback_is_told_from_the_rest)
{
	cr_expect(is_loopback("127.0.0.1:6060"));
	cr_expect(is_loopback("127.8.8.8:0"));
	cr_expect(is_loopback("[::1]:6060"));
	cr_expect(not(is_loopback("0.0.0.0:6060")));
	cr_expect(not(is_loopback("[::]:6060")));
	cr_expect(not(is_loopback(":6060")));
	cr_expect(not(is_loopback("192.168.1.1:6060")));
}

Test(http_address, what_is_no_address_is_one_line)
{
	const char *const wrong[] = {
		"",       "x",      "127.0.0.1",       "127.0.0.1:",
		"[::1:1", "::1]:1", "127.0.0.1:99999", "127.0.0.1:x"
	};
	struct http_address address;
	struct fault fault;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		cr_expect(lt(int, http_address_parse(wrong[i], &address, &fault), 0),
			  "%s", wrong[i]);
	cr_expect(eq(int, (int)fault.status, FAULT_USAGE));
}
