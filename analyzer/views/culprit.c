/*
 * culprit - the function that a person would blame for a stack
 *
 * Wrappers. A name that ends in malloc, calloc, realloc or strdup behind a short
 * prefix is one at once. Names that only smell of allocation (pool_alloc, sdsnew,
 * create_object) are when several functions call them: then the callers differ and
 * the wrapper says nothing. Callers are counted in one walk over all stacks.
 */
#include "analyzer/views/culprit.h"

#include "analyzer/console/text.h"
#include "analyzer/views/layers.h"
#include "analyzer/views/wrapper_name.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define CALLERS_KEPT WRAPPER_NAME_CALLERS_MOST
#define LAYERS_DEEP                                                                      \
	4u /* functions of a program's own, that may lie above one another               \
	    */

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
	struct layers *layers;   /* what the notes tell */
};

/* What a distribution installs; /usr/local and /opt are the user's own. */
static bool is_system_path(const char *path)
{
	static const char *const folders[] = { "/lib",   "/usr/", "/nix/",
					       "/snap/", "/bin/", "/sbin/" };

	for (size_t i = 0; path && i < sizeof(folders) / sizeof(folders[0]); i++)
		if (text_begins(path, folders[i]))
			return !text_begins(path, "/usr/local/");
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
		if (text_begins(module, names[i]))
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
			if (text_begins(words[w] + w, spaces[i]))
				return true;
	return false;
}

static bool is_cxx_header(const char *file)
{
	return file && text_begins(file, "/usr/") && strstr(file, "/include/c++/");
}

/*
 * All in the C++ library's headers is in its namespaces. A compiler may give a header's
 * line for a function of the program's own, where a call in it was inlined.
 */
static bool is_own_in_cxx_header(const struct symbol *symbol)
{
	return is_cxx_header(symbol->file) && !strstr(symbol->function, "std::") &&
	       !text_begins(symbol->function, "__") &&
	       !text_begins(symbol->function, "operator") &&
	       !is_runtime_function(symbol->function);
}

/*
 * getline() and the like are compiled into the program, too, from libc's headers; and
 * all that Rust's library implements for the program's types is from its sources.
 */
static bool is_runtime_source(const char *file)
{
	if (!file)
		return false;
	if (text_begins(file, "/usr/") && strstr(file, "/bits/") && !is_cxx_header(file))
		return true;
	return text_begins(file, "/rustc/") || strstr(file, "/rustlib/src/rust/library/");
}

bool culprit_is_of_system(const struct symbol *symbol)
{
	return is_system_path(symbol->path);
}

bool culprit_is_runtime(const struct symbol *symbol)
{
	return is_runtime_source(symbol->file) ||
	       (is_cxx_header(symbol->file) && !is_own_in_cxx_header(symbol)) ||
	       (symbol->flags & (HR_MODULE_SHIM | HR_MODULE_LIBC)) ||
	       is_runtime_module(symbol->module) || is_runtime_function(symbol->function);
}

static bool creates_thread(const char *function)
{
	return strstr(function, "pthread_create") || strcmp(function, "thrd_create") == 0;
}

static struct traits traits_of(const struct symbol *symbol)
{
	return (struct traits){
		.is_runtime = culprit_is_runtime(symbol),
		/* what was compiled at run time has no name to look for, and moves */
		.is_system =
			is_system_path(symbol->path) ||
			(is_system_path(symbol->file) && !is_own_in_cxx_header(symbol)) ||
			!*symbol->module,
		.is_named_wrapper = wrapper_name_is_one(symbol->function),
		.creates_thread = creates_thread(symbol->function),
		.callers_needed = (uint8_t)wrapper_name_callers_needed(symbol->function),
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
	culprits->layers = layers_new();
	if (!culprits->callers || !culprits->traits || !culprits->layers) {
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
	layers_free(culprits->layers);
	free(culprits);
}

/* The program's own, that does more than to pass on: who may be blamed. */
static bool is_own(const struct culprits *culprits, const struct symbol *symbol)
{
	return !traits(culprits, symbol)->is_runtime &&
	       !traits(culprits, symbol)->is_system;
}

int culprits_note(struct culprits *culprits, size_t stack, double taken, double stayed)
{
	struct walk walk = walk_begin(culprits, stack);
	const char *inner = NULL;
	const struct symbol *symbol;
	unsigned deep = 0;
	int r = 0;

	while (r == 0 && deep <= LAYERS_DEEP && (symbol = walk_next(&walk))) {
		if (!is_own(culprits, symbol) || symbol->function == inner)
			continue;
		if (inner)
			r = layers_note(culprits->layers, inner, symbol->function, taken,
					stayed);
		inner = symbol->function;
		deep++;
	}
	return r;
}

/* From now on the function is a layer of those that call it; false: it was already. */
static bool become_wrapper(struct culprits *culprits, uint32_t symbol)
{
	struct traits *of = &culprits->traits[symbol];

	if (of->is_named_wrapper || !is_own(culprits, &culprits->first[symbol]))
		return false;
	of->is_named_wrapper = true;
	return true;
}

bool culprits_learn(struct culprits *culprits)
{
	bool learnt = false;
	uint32_t count;

	symbols_all(culprits->symbols, &count);
	for (uint32_t i = 0; i < count; i++)
		if (layers_has(culprits->layers, culprits->first[i].function))
			learnt |= become_wrapper(culprits, i);
	return learnt;
}

bool culprits_pass_over(struct culprits *culprits, const struct symbol *function)
{
	bool changed = false;
	uint32_t count;

	symbols_all(culprits->symbols, &count);
	for (uint32_t i = 0; i < count; i++)
		if (symbol_is_same_function(&culprits->first[i], function))
			changed |= become_wrapper(culprits, i);
	return changed;
}

const struct symbol *culprit_beyond(const struct culprits *culprits, size_t stack,
				    const struct symbol *function)
{
	struct walk walk = walk_begin(culprits, stack);
	const struct symbol *symbol;
	bool is_outside = false;

	while ((symbol = walk_next(&walk))) {
		if (symbol_is_same_function(symbol, function))
			is_outside = true;
		else if (is_outside && is_own(culprits, symbol) &&
			 !is_wrapper(culprits, symbol))
			return symbol;
	}
	return NULL;
}

/* The best of each kind, from the inside out. */
struct choice {
	const struct symbol *any, *wrapper, *system, *own;
	bool own_is_direct;
};

/* app::serve::{closure#0} in app::serve, whatever calls it in between. */
static bool is_closure_in(const struct symbol *closure, const struct symbol *symbol)
{
	size_t length = strlen(symbol->function);

	return strncmp(closure->function, symbol->function, length) == 0 &&
	       text_begins(closure->function + length, "::{");
}

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
	} else if (is_closure_in(choice->own, symbol)) {
		choice->own = symbol;
	}
}

struct culprit culprit_of(const struct culprits *culprits, size_t stack)
{
	struct walk walk = walk_begin(culprits, stack);
	struct culprit culprit = { 0 };
	struct choice choice = { 0 };
	const struct symbol *symbol;

	while ((!choice.own || strstr(choice.own->function, "::{")) &&
	       (symbol = walk_next(&walk))) {
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
