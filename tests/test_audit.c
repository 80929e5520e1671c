/*
 * test_audit - the contracts of audit.h, culprit.h, audit_growth.h and
 * metrics_scrape.h, on synthetic profiles with a history whose truth is known
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/audit/audit.h"
#include "analyzer/audit/audit_release.h"
#include "analyzer/machine/metrics_scrape.h"
#include "analyzer/views/culprit.h"
#include "analyzer/views/wrapper_name.h"

Test(wrapper_name, names_of_wrappers_are_recognised)
{
	static const char *const wrappers[] = {
		"xmalloc",        "zmalloc",        "g_malloc",     "g_malloc0",
		"xstrdup",        "je_malloc",      "PyMem_Malloc", "PyObject_Malloc",
		"safe_malloc",    "xrealloc_array", "_xcalloc",     "sqlite3Malloc",
		"memory_zalloc",  "slab_refill",    "pool_get",     "app::Pool::take",
		"buffer_acquire", "mem_get",        "arena_alloc"
	};

	for (size_t i = 0; i < sizeof(wrappers) / sizeof(wrappers[0]); i++)
		cr_expect(wrapper_name_is_one(wrappers[i]), "%s", wrappers[i]);
}

Test(wrapper_name, names_of_others_are_not)
{
	static const char *const others[] = { "main",
					      "forget",
					      "handle_request",
					      "leak_malloc",
					      "allocate_everything",
					      "push",
					      "",
					      "grow_buffer",
					      "pool",
					      "take_order",
					      "cache_get",
					      "pool_report" };

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		cr_expect(not(wrapper_name_is_one(others[i])), "%s", others[i]);
}

Test(wrapper_name, constructors_are_known_by_their_class)
{
	cr_expect(wrapper_name_is_constructor("Session::Session"));
	cr_expect(wrapper_name_is_constructor(
		"app::List<std::pair<int, int> >::List(int)"));
	cr_expect(not(wrapper_name_is_constructor("app::Session::open")));
	cr_expect(not(wrapper_name_is_constructor("Subsession::session")));
	cr_expect(not(wrapper_name_is_constructor("Session")));
	cr_expect(not(wrapper_name_is_constructor("Session::~Session")));
	cr_expect(not(wrapper_name_is_constructor("")));
}

Test(culprit, the_runtime_is_told_from_the_program)
{
	const struct symbol vector = { .function = "std::vector<int>::push_back",
				       .module = "app" };
	const struct symbol typed = { .function =
					      "void std::vector<int>::_M_realloc_insert",
				      .module = "app" };
	const struct symbol libc = { .function = "fopen", .module = "libc.so.6" };
	const struct symbol header = {
		.function = "getline",
		.file = "/usr/include/x86_64-linux-gnu/bits/stdio.h",
		.module = "app"
	};
	const struct symbol own = { .function = "stdlib_user", .module = "app" };

	struct symbol rust = {
		.function = "<str as alloc::borrow::ToOwned>::to_owned",
		.file = "/rustc/0123abcd/library/alloc/src/str.rs",
		.module = "r",
	};
	struct symbol rust_sources = {
		.function = "<u8 as ConvertVec>::to_vec",
		.file = "/opt/lib/rustlib/src/rust/library/alloc/src/slice.rs",
		.module = "r",
	};

	cr_expect(culprit_is_runtime(&vector));
	cr_expect(culprit_is_runtime(&typed));
	cr_expect(culprit_is_runtime(&libc));
	cr_expect(culprit_is_runtime(&header),
		  "compiled into the program, but not its own");
	cr_expect(not(culprit_is_runtime(&own)));
	cr_expect(culprit_is_runtime(&rust),
		  "whatever it implements is named after it: <str as ToOwned>::to_owned");
	cr_expect(culprit_is_runtime(&rust_sources), "and where its sources are here");
}

Test(culprit, a_headers_line_makes_no_runtime_of_the_programs_own_function)
{
	const struct symbol own = { .function = "Runner::run_job",
				    .file = "/usr/include/c++/12/bits/new_allocator.h",
				    .module = "app" };
	const struct symbol runtime = {
		.function = "decltype(auto) std::__detail::make",
		.file = "/usr/include/c++/12/bits/new_allocator.h",
		.module = "app"
	};

	cr_expect(not(culprit_is_runtime(&own)));
	cr_expect(culprit_is_runtime(&runtime));
}

Test(culprit, a_runtimes_type_in_an_argument_makes_no_runtime)
{
	const struct symbol own = {
		.function = "Catalogue<std::string, std::map<int, std::string> >::put",
		.module = "app"
	};
	const struct symbol called = { .function = "run(int, std::string)::{lambda()#1}",
				       .module = "app" };

	cr_expect(not(culprit_is_runtime(&own)));
	cr_expect(not(culprit_is_runtime(&called)));
}

static struct metrics parsed(const char *text)
{
	struct metrics metrics;
	char *copy = strdup(text);

	cr_assert(eq(int, metrics_parse(copy, &metrics), 0));
	free(copy);
	return metrics;
}

static void made(const char *function, const char *made_by, const char *by)
{
	struct audit_release release;

	cr_assert(audit_release_of_name(function, &release), "%s", function);
	cr_expect(eq(str, release.made_by, (char *)made_by));
	cr_expect(eq(str, release.by, (char *)by));
}

Test(audit_release, documented_calls_are_known_by_what_libc_calls_them)
{
	made("fopen", "fopen", "fclose()");
	made("__fopen_internal", "fopen", "fclose()");
	made("_IO_new_fopen@@GLIBC_2.2.5", "fopen", "fclose()");
	made("fopen64", "fopen", "fclose()");
	made("__opendir", "opendir", "closedir()");
	made("sqlite3_prepare_v2", "sqlite3_prepare_v2", "sqlite3_finalize()");
	made("deflateInit2_", "deflateInit2_", "deflateEnd()");
}

Test(audit_release, what_an_object_allocates_on_first_use_is_the_object)
{
	made("_IO_file_doallocate", "fopen", "fclose()");
	made("re_search_internal", "regcomp", "regfree()");
	made("gzread", "gzopen", "gzclose()");
}

Test(audit_release, other_libraries_promise_by_their_names)
{
	made("EVP_MD_CTX_new", "EVP_MD_CTX_new", "EVP_MD_CTX_free()");
	made("SSL_CTX_new", "SSL_CTX_new", "SSL_CTX_free()");
}

Test(audit_release, plain_memory_is_told_from_objects)
{
	struct audit_release release;

	cr_assert(audit_release_of_name("__strdup", &release));
	cr_expect(release.is_text);
	cr_assert(audit_release_of_name("regcomp", &release));
	cr_expect(not(release.is_text));
}

Test(audit_release, a_name_that_says_nothing_is_none)
{
	struct audit_release release;

	cr_expect(not(audit_release_of_name("qsort", &release)));
	cr_expect(not(audit_release_of_name("_new", &release)));
	cr_expect(not(audit_release_of_name("", &release)));
	cr_expect(not(audit_release_of_name("libx.so+0x1234", &release)));
}

Test(metrics, samples_are_read_with_their_labels)
{
	struct metrics metrics = parsed("# HELP a_lag x\n# TYPE a_lag gauge\n"
					"a_lag{partition=\"0\"} 5\n"
					"a_lag{partition=\"}\\\"\"} 7 1700000000\r\n"
					"a_workers 4\n");
	double sum = 0;

	cr_expect(eq(sz, metrics.count, 3));
	cr_expect(metrics_sum(&metrics, "lag", &sum));
	cr_expect(eq(dbl, sum, 12));
	cr_expect(eq(str, metrics.metrics[0].labels, "partition=\"0\""));
	metrics_done(&metrics);
}

Test(metrics, a_name_ends_at_an_underscore)
{
	struct metrics metrics = parsed("flag 5\nx_lag 1\nlag 2\n");
	double sum = 0;

	cr_expect(metrics_sum(&metrics, "lag", &sum));
	cr_expect(eq(dbl, sum, 3));
	cr_expect(not(metrics_sum(&metrics, "queue", &sum)));
	metrics_done(&metrics);
}

Test(metrics, what_does_not_parse_or_is_not_finite_is_left_out)
{
	struct metrics metrics =
		parsed("a NaN\nb +Inf\nc\nd{x=\"1\" 4\n{} 3\n\n e 1\nf x\n"
		       "g 1e400\n<html>\nh 2\n");

	cr_expect(eq(sz, metrics.count, 1));
	cr_expect(eq(str, metrics.metrics[0].name, "h"));
	metrics_done(&metrics);
}

Test(metrics, endpoints_that_cannot_be_read_are_one_line)
{
	static const char *const urls[] = { "http://127.0.0.1:1/metrics",
					    "file:///etc/passwd",
					    "http://",
					    "",
					    "\n",
					    "http:///x" };
	struct metrics metrics;
	struct fault fault;

	for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
		cr_expect(lt(int, metrics_scrape(urls[i], &metrics, &fault), 0));
		cr_expect(strchr(fault.text, 10) == NULL);
		cr_expect(eq(int, (int)fault.status, FAULT_INPUT));
	}
}

Test(audit, verdicts_have_names_that_parse_back)
{
	for (int i = 0; i < AUDIT_VERDICTS; i++) {
		enum audit_verdict verdict = AUDIT_VERDICTS;

		cr_expect(audit_verdict_parse(audit_verdict_name((enum audit_verdict)i),
					      &verdict));
		cr_expect(eq(int, (int)verdict, i));
	}
	cr_expect(not(audit_verdict_parse("", &(enum audit_verdict){ 0 })));
	cr_expect(not(audit_verdict_parse("Leak", &(enum audit_verdict){ 0 })));
}
