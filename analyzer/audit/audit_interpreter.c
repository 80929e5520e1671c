/*
 * audit_interpreter - is what grows an interpreter's own, so that a script keeps it?
 */
#include "analyzer/audit/audit_interpreter.h"

#include <fnmatch.h>
#include <string.h>

#include "analyzer/audit/audit_stack_text.h"

static const struct audit_interpreter interpreters[] = {
	{ "python|python[23]|python[23].*|libpython[23]*|*/lib-dynload/*", "CPython",
	  "the Python script",
	  "tracemalloc: python3 -X tracemalloc=10, and two snapshots compared by "
	  "compare_to(); objgraph says who refers to an object" },
	{ "perl|perl5*|libperl.so*|*/perl*/auto/*", "Perl", "the Perl script",
	  "Devel::MAT: Devel::MAT::Dumper::dump() in the script, then `pmat`" },
	{ "ruby|ruby[0-9]*|libruby*.so*", "Ruby", "the Ruby script",
	  "ObjectSpace.trace_object_allocations_start, then ObjectSpace.dump_all" },
	{ "node|nodejs|libnode.so*|libuv.so*", "Node.js", "the JavaScript",
	  "heap snapshots: node --heapsnapshot-signal=SIGUSR2, two of them compared in "
	  "Chrome's DevTools" },
	{ "php|php[0-9]*|php-fpm*|php-cgi*|libphp*.so*", "PHP", "the PHP script",
	  "php-memprof: memprof_dump_callgrind(), or memory_get_usage() around the "
	  "suspects" },
	{ "lua|lua5*|luajit*|liblua*.so*", "Lua", "the Lua script",
	  "collectgarbage(\"count\") around the suspects, and a walk over the tables "
	  "that they leave" },
	{ "java|libjvm.so|libjli.so|libjava.so|libnio.so|libnet.so|libzip.so", "the JVM",
	  "the Java program",
	  "jcmd PID GC.class_histogram for its objects, and jcmd PID VM.native_memory "
	  "(after -XX:NativeMemoryTracking=summary) for the JVM's own memory" },
};

static bool fits(const char *files, const char *module, const char *path)
{
	char one[64];

	while (*files) {
		size_t length = strcspn(files, "|");
		const char *text = memchr(files, '/', length) ? path : module;

		if (text && length < sizeof(one)) {
			memcpy(one, files, length);
			one[length] = '\0';
			if (fnmatch(one, text, 0) == 0)
				return true;
		}
		files += length + (files[length] == '|');
	}
	return false;
}

const struct audit_interpreter *audit_interpreter_of_module(const char *module,
							    const char *path)
{
	for (size_t i = 0; i < sizeof(interpreters) / sizeof(interpreters[0]); i++)
		if (fits(interpreters[i].files, module, path))
			return &interpreters[i];
	return NULL;
}

struct search {
	const struct audit_interpreter *found;
	bool has_other;
};

/* Code without a module is what the interpreter compiled by itself. */
static void look_at_frame(void *arg, const struct symbol *symbol, const char *text)
{
	struct search *search = arg;
	const struct audit_interpreter *of;

	(void)text;
	if (!*symbol->module || culprit_is_runtime(symbol))
		return;
	of = audit_interpreter_of_module(symbol->module, symbol->path);
	if (!of || (search->found && search->found != of))
		search->has_other = true;
	search->found = of;
}

const struct audit_interpreter *audit_interpreter_of(const struct audit_facts *facts,
						     size_t stack)
{
	struct search search = { 0 };

	audit_stack_each(facts->profile, facts->symbols, stack, look_at_frame, &search);
	return search.has_other ? NULL : search.found;
}
