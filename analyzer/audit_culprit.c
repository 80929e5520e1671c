/*
 * audit_culprit - the function that a person would blame for a stack
 *
 * Wrappers. A name that ends in malloc, calloc, realloc or strdup behind a short
 * prefix is one at once. Names that only smell of allocation (pool_alloc, sdsnew,
 * create_object) are when several functions call them: then the callers differ and
 * the wrapper says nothing. Callers are counted in one walk over all stacks.
 */
#include "analyzer/audit_culprit.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define CALLERS_KEPT 4u
#define PREFIX_MAX 4u /* of a name that is a wrapper by itself: x, z, g_, rd_ */

struct callers {
	const char *name[CALLERS_KEPT];
	uint32_t count;
};

/* What a symbol's own texts say; worked out once, a million stacks ask. */
struct traits {
	bool is_runtime, is_system, is_named_wrapper, creates_thread;
	uint8_t callers_needed; /* to be a wrapper; 0: it is none */
};

struct culprits {
	const struct profile *profile;
	const struct symbols *symbols;
	const struct symbol *first;
	struct callers *callers; /* by symbol */
	struct traits *traits;   /* by symbol */
};

static bool starts(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

/* What a distribution installs; /usr/local and /opt are the user's own. */
static bool is_system_path(const char *path)
{
	static const char *const folders[] = { "/lib",   "/usr/", "/nix/",
					       "/snap/", "/bin/", "/sbin/" };

	for (size_t i = 0; path && i < sizeof(folders) / sizeof(folders[0]); i++)
		if (starts(path, folders[i]))
			return !starts(path, "/usr/local/");
	return false;
}

static bool is_runtime_module(const char *module)
{
	static const char *const names[] = {
		"libc.so",     "libc-",       "ld-",     "libstdc++", "libc++",
		"libgcc_s",    "libpthread",  "libm.so", "libdl.so",  "libjemalloc",
		"libtcmalloc", "libmimalloc", "libasan", "[vdso]",    "libheapring"
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (starts(module, names[i]))
			return true;
	return false;
}

/* Templates of the standard library are compiled into the program itself. */
static bool is_runtime_function(const char *function)
{
	static const char *const spaces[] = {
		"std::",  "__gnu_cxx::",  "__cxxabiv1::",      "alloc::",
		"core::", "hashbrown::",  "<alloc::",          "<core::",
		"<std::", "operator new", "boost::container::"
	};
	/* a return type comes before the name; blanks of arguments part nothing */
	size_t first = strcspn(function, " <(");
	const char *words[] = { function,
				function[first] == ' ' ? function + first : NULL };

	for (size_t w = 0; w < 2; w++)
		for (size_t i = 0; words[w] && i < sizeof(spaces) / sizeof(spaces[0]);
		     i++)
			if (starts(words[w] + w, spaces[i]))
				return true;
	return false;
}

/*
 * getline() and the like are compiled into the program, too, from libc's headers; and
 * all that Rust's library implements for the program's types is from its sources.
 */
static bool is_runtime_source(const char *file)
{
	if (!file)
		return false;
	if (starts(file, "/usr/") &&
	    (strstr(file, "/include/c++/") || strstr(file, "/bits/")))
		return true;
	return starts(file, "/rustc/") || strstr(file, "/rustlib/src/rust/library/");
}

bool culprit_is_runtime(const struct symbol *symbol)
{
	return is_runtime_source(symbol->file) ||
	       (symbol->flags & (HR_MODULE_SHIM | HR_MODULE_LIBC)) ||
	       is_runtime_module(symbol->module) || is_runtime_function(symbol->function);
}

/*
 * The name in small letters, words apart (PyMem_Malloc: py_mem_malloc), without leading
 * underscores and trailing decoration.
 */
static size_t plain_name(const char *function, char *name, size_t room)
{
	static const char *const tails[] = { "_or_die",   "_fatal", "_array", "array",
					     "_internal", "_impl",  "_n",     "_usable",
					     "0",         "_raw",   "_real",  "_try" };
	size_t length = 0;

	while (*function == '_')
		function++;
	for (; *function && length + 2 < room; function++) {
		if (isupper((unsigned char)*function) && length > 0 &&
		    !isupper((unsigned char)function[-1]) && function[-1] != '_')
			name[length++] = '_';
		name[length++] = (char)tolower((unsigned char)*function);
	}
	name[length] = '\0';
	for (size_t i = 0; i < sizeof(tails) / sizeof(tails[0]); i++) {
		size_t tail = strlen(tails[i]);

		if (length > tail && strcmp(name + length - tail, tails[i]) == 0)
			name[length -= tail] = '\0';
	}
	return length;
}

/* Characters before the allocator's name that ends `name`; -1: none does. */
static long prefix_of(const char *name, size_t length)
{
	static const char *const ends[] = { "malloc", "calloc",  "realloc", "zalloc",
					    "strdup", "strndup", "memdup",  "memalign" };
	long least = -1;

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		size_t end = strlen(ends[i]);
		long prefix = (long)length - (long)end;

		if (length >= end && strcmp(name + prefix, ends[i]) == 0 &&
		    (least < 0 || prefix < least))
			least = prefix;
	}
	return least;
}

static bool is_one_of(const char *word, size_t length, const char *const *words)
{
	for (; *words; words++)
		if (strlen(*words) == length && strncmp(word, *words, length) == 0)
			return true;
	return false;
}

/*
 * Nothing but words of allocation, and what they are decorated with: memory_zero,
 * safe_malloc, CheckedAlloc. `name` is in small letters with `_` between words.
 */
static bool has_only_wrapper_words(const char *name)
{
	static const char *const verbs[] = { "alloc",   "malloc",   "calloc", "realloc",
					     "zalloc",  "allocate", "strdup", "strndup",
					     "memdup",  "dup",      "zero",   "new",
					     "strndup", "xmalloc",  NULL };
	static const char *const others[] = {
		"mem",   "memory", "safe",    "checked", "check", "must", "my",
		"util",  "utils",  "heap",    "base",    "raw",   "sys",  "do",
		"try",   "lib",    "sqlite3", "default", "std",   "py",   "object",
		"debug", "pymem",  "ng",      "aligned", "a",     "the",  "or",
		"die",   "abort",  "bytes",   "block",   NULL
	};
	bool any = false;

	while (*name) {
		size_t length = strcspn(name, "_:");

		if (length && is_one_of(name, length, verbs))
			any = true;
		else if (length && !is_one_of(name, length, others))
			return false;
		name += length + (name[length] != 0);
	}
	return any;
}

bool culprit_name_is_wrapper(const char *function)
{
	char name[128];
	size_t length = plain_name(function, name, sizeof(name));
	long prefix = prefix_of(name, length);

	return (prefix >= 0 && prefix <= (long)PREFIX_MAX) ||
	       has_only_wrapper_words(name);
}

/* How many callers make a function with this name a wrapper; 0: none would. */
static uint32_t callers_needed(const char *function)
{
	static const char *const makers[] = { "new", "create", "make",
					      "dup", "clone",  "copy" };
	char name[128];
	size_t length = plain_name(function, name, sizeof(name));

	if (prefix_of(name, length) >= 0 || strstr(name, "alloc") || starts(name, "sds"))
		return 2;
	for (size_t i = 0; i < sizeof(makers) / sizeof(makers[0]); i++)
		if (strstr(name, makers[i]))
			return CALLERS_KEPT;
	return 0;
}

static bool creates_thread(const char *function)
{
	return strstr(function, "pthread_create") || strcmp(function, "thrd_create") == 0;
}

static struct traits traits_of(const struct symbol *symbol)
{
	return (struct traits){
		.is_runtime = culprit_is_runtime(symbol),
		.is_system = is_system_path(symbol->path) || is_system_path(symbol->file),
		.is_named_wrapper = culprit_name_is_wrapper(symbol->function),
		.creates_thread = creates_thread(symbol->function),
		.callers_needed = (uint8_t)callers_needed(symbol->function),
	};
}

static const struct traits *traits(const struct culprits *culprits,
				   const struct symbol *symbol)
{
	return &culprits->traits[symbol - culprits->first];
}

static bool is_wrapper(const struct culprits *culprits, const struct symbol *symbol)
{
	uint32_t needed = traits(culprits, symbol)->callers_needed;

	if (traits(culprits, symbol)->is_named_wrapper)
		return true;
	return needed && culprits->callers[symbol - culprits->first].count >= needed;
}

static void add_caller(struct callers *callers, const char *name)
{
	for (uint32_t i = 0; i < callers->count; i++)
		if (callers->name[i] == name)
			return;
	if (callers->count < CALLERS_KEPT)
		callers->name[callers->count++] = name;
}

/* Walks the symbols of a stack from the inside out. */
struct walk {
	const struct culprits *culprits;
	uint32_t node;
	const struct symbol *symbols;
	unsigned left;
};

static struct walk walk_begin(const struct culprits *culprits, size_t stack)
{
	return (struct walk){ culprits, culprits->profile->stacks[stack].node, NULL, 0 };
}

static const struct symbol *walk_next(struct walk *walk)
{
	while (walk->left == 0) {
		if (walk->node < HR_NODE_FIRST)
			return NULL;
		walk->symbols =
			symbols_of_node(walk->culprits->symbols, walk->node, &walk->left);
		walk->node = walk->culprits->profile->segment->nodes[walk->node].parent;
	}
	walk->left--;
	return walk->symbols++;
}

/* Who calls the innermost functions whose names smell of allocation. */
static void count_callers(struct culprits *culprits, size_t stack)
{
	struct walk walk = walk_begin(culprits, stack);
	const struct symbol *inner = NULL, *symbol;

	while ((symbol = walk_next(&walk))) {
		if (inner)
			add_caller(&culprits->callers[inner - culprits->first],
				   symbol->function);
		if (inner && !traits(culprits, symbol)->callers_needed)
			return;
		if (!traits(culprits, symbol)->is_runtime) {
			if (!traits(culprits, symbol)->callers_needed)
				return;
			inner = symbol;
		}
	}
}

int culprits_new(const struct profile *profile, const struct symbols *symbols,
		 struct culprits **ret_culprits)
{
	struct culprits *culprits = calloc(1, sizeof(*culprits));
	uint32_t count;

	if (!culprits)
		return -ENOMEM;
	culprits->profile = profile;
	culprits->symbols = symbols;
	culprits->first = symbols_all(symbols, &count);
	culprits->callers = calloc((size_t)count + 1, sizeof(*culprits->callers));
	culprits->traits = calloc((size_t)count + 1, sizeof(*culprits->traits));
	if (!culprits->callers || !culprits->traits) {
		culprits_free(culprits);
		return -ENOMEM;
	}
	for (uint32_t i = 0; i < count; i++)
		culprits->traits[i] = traits_of(&culprits->first[i]);
	for (size_t i = 0; i < profile->stacks_count; i++)
		count_callers(culprits, i);
	*ret_culprits = culprits;
	return 0;
}

void culprits_free(struct culprits *culprits)
{
	if (!culprits)
		return;
	free(culprits->callers);
	free(culprits->traits);
	free(culprits);
}

/* The best of each kind, from the inside out. */
struct choice {
	const struct symbol *any, *wrapper, *system, *own;
	bool own_is_direct;
};

static void weigh(struct choice *choice, const struct culprits *culprits,
		  const struct symbol *symbol)
{
	if (!choice->any)
		choice->any = symbol;
	if (traits(culprits, symbol)->is_runtime)
		return;
	if (is_wrapper(culprits, symbol)) {
		if (!choice->wrapper)
			choice->wrapper = symbol;
	} else if (traits(culprits, symbol)->is_system) {
		if (!choice->system)
			choice->system = symbol;
	} else if (!choice->own) {
		choice->own = symbol;
		choice->own_is_direct = !choice->system;
	}
}

struct culprit culprit_of(const struct culprits *culprits, size_t stack)
{
	struct walk walk = walk_begin(culprits, stack);
	struct culprit culprit = { 0 };
	struct choice choice = { 0 };
	const struct symbol *symbol;

	while (!choice.own && (symbol = walk_next(&walk))) {
		culprit.is_thread_create =
			culprit.is_thread_create ||
			(!choice.system && traits(culprits, symbol)->creates_thread);
		weigh(&choice, culprits, symbol);
	}
	culprit.symbol = choice.own       ? choice.own
			 : choice.system  ? choice.system
			 : choice.wrapper ? choice.wrapper
					  : choice.any;
	culprit.is_direct =
		choice.own ? choice.own_is_direct
			   : choice.system && (choice.system->flags & HR_MODULE_MAIN);
	return culprit;
}
