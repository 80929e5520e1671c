/*
 * audit_interpreter - is what grows an interpreter's own, so that a script keeps it?
 */
#include "analyzer/audit/audit_interpreter.h"

#include <fnmatch.h>
#include <string.h>

#include "analyzer/audit/audit_stack_text.h"

#define CPYTHON 0u /* in the table */

static const struct audit_interpreter interpreters[] = {
	{ "python|python[23]|python[23].*|libpython[23]*|*/lib-dynload/*", "CPython",
	  "the Python script",
	  "tracemalloc: python3 -X tracemalloc=10, and two snapshots compared by "
	  "compare_to(); objgraph says who refers to an object",
	  "CPython keeps objects of up to 512 bytes in arenas that it maps itself: they "
	  "are not in these figures. PYTHONMALLOC=malloc shows them, `heapring run "
	  "--mmap` the arenas" },
	{ "perl|perl5*|libperl.so*|*/perl*/auto/*", "Perl", "the Perl script",
	  "Devel::MAT: Devel::MAT::Dumper::dump() in the script, then `pmat`", NULL },
	{ "ruby|ruby[0-9]*|libruby*.so*", "Ruby", "the Ruby script",
	  "ObjectSpace.trace_object_allocations_start, then ObjectSpace.dump_all", NULL },
	{ "node|nodejs|libnode.so*|libuv.so*", "Node.js", "the JavaScript",
	  "heap snapshots: node --heapsnapshot-signal=SIGUSR2, two of them compared in "
	  "Chrome's DevTools",
	  "JavaScript objects are in a heap that V8 maps itself: they are not in these "
	  "figures, only buffers and native objects are" },
	{ "php|php[0-9]*|php-fpm*|php-cgi*|libphp*.so*", "PHP", "the PHP script",
	  "php-memprof: memprof_dump_callgrind(), or memory_get_usage() around the "
	  "suspects",
	  "PHP maps the memory of its scripts itself: it is not in these figures. "
	  "USE_ZEND_ALLOC=0 shows it" },
	{ "lua|lua5*|luajit*|liblua*.so*", "Lua", "the Lua script",
	  "collectgarbage(\"count\") around the suspects, and a walk over the tables "
	  "that they leave",
	  NULL },
	{ "java|libjvm.so|libjli.so|libjava.so|libnio.so|libnet.so|libzip.so", "the JVM",
	  "the Java program",
	  "jcmd PID GC.class_histogram for its objects, and jcmd PID VM.native_memory "
	  "(after -XX:NativeMemoryTracking=summary) for the JVM's own memory",
	  "Java objects are in a heap that the JVM maps itself: they are not in these "
	  "figures" },
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

#define ARENA_BLOCK 256u /* bytes: CPython's arenas take these, and up to 512 */
#define ARENA_SHARE                                                                      \
	0.7 /* of its blocks are so small where each object is one: 0.93                 \
	       and more, else 0.47 and less (locks, and what starts it) */

/* Is each object a block? Those of up to 16 bytes are none's. */
static bool has_small_blocks(const struct audit_facts *facts)
{
	const struct profile_detail *details = facts->profile->details;
	double small = 0, all = 0;

	for (size_t i = 0; details && i < facts->profile->stacks_count; i++)
		for (unsigned s = 1; s < HR_SIZES; s++) {
			double count = (double)details[i].size[s];

			all += count;
			small += HR_SIZE_BYTES(s) <= ARENA_BLOCK ? count : 0;
		}
	return all == 0 || small >= ARENA_SHARE * all;
}

static const char *base_name(const char *path)
{
	const char *base = strrchr(path, '/');

	return base ? base + 1 : path;
}

const struct audit_interpreter *audit_interpreter_hides(const struct audit_facts *facts)
{
	const char *exe = facts->profile->segment->header.exe;
	const struct audit_interpreter *of =
		audit_interpreter_of_module(base_name(exe), exe);

	if (!of || !of->hides ||
	    (of == &interpreters[CPYTHON] && has_small_blocks(facts)))
		return NULL;
	return of;
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
