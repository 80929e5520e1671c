/*
 * wrapper_name - what a function's name says about whose memory it allocates
 *
 * A name that ends in malloc, calloc, realloc or strdup behind a short prefix is a
 * wrapper, and so is one of nothing but words of allocation, or of a layer and of handing
 * out. Names that only smell of allocation (sdsnew, create_object) need callers that
 * differ.
 */
#include "analyzer/views/wrapper_name.h"

#include <ctype.h>
#include <string.h>

#define PREFIX_MAX 4u /* of a name that is a wrapper by itself: x, z, g_, rd_ */

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

/* Class::method without the namespaces around it. */
static const char *from_class(const char *name)
{
	const char *from = name, *next;

	while ((next = strstr(from, "::")) && strstr(next + 2, "::"))
		from = next + 2;
	return from;
}

/*
 * A layer that hands out pieces of larger blocks, by its own words: slab_refill,
 * pool_get, Arena::grow, buffer_acquire. What grows a buffer is none.
 */
static bool is_layer_name(const char *name)
{
	static const char *const layers[] = { "slab",    "slabs",    "pool", "arena",
					      "mempool", "freelist", "zone", "region",
					      "heap",    "obstack",  NULL };
	static const char *const pieces[] = { "slot",  "slots",  "mem", "memory",
					      "chunk", "buffer", "buf", NULL };
	static const char *const hands_out[] = { "take",    "get",      "obtain",
						 "acquire", "grab",     "borrow",
						 "alloc",   "allocate", NULL };
	static const char *const gets_more[] = { "refill", "grow", "expand", NULL };
	bool layer = false, piece = false, out = false, more = false;

	for (name = from_class(name); *name;) {
		size_t length = strcspn(name, "_:");
		bool known = length == 0;

		known |= is_one_of(name, length, layers) && (layer = true);
		known |= is_one_of(name, length, pieces) && (piece = true);
		known |= is_one_of(name, length, hands_out) && (out = true);
		known |= is_one_of(name, length, gets_more) && (more = true);
		if (!known)
			return false;
		name += length + (name[length] != 0);
	}
	return (out && (layer || piece)) || (more && layer);
}

/* The class's own name, in front of `::` and behind it, without the template's arguments.
 */
bool wrapper_name_is_constructor(const char *function)
{
	char name[256];
	size_t length = 0;
	int deep = 0;
	char *method;

	for (; *function && *function != '(' && length + 1 < sizeof(name); function++) {
		deep += (*function == '<') - (*function == '>');
		if (deep == 0 && *function != '>')
			name[length++] = *function;
	}
	name[length] = '\0';
	method = strrchr(name, ':');
	if (!method || method < name + 2 || method[-1] != ':')
		return false;
	method[-1] = '\0';
	length = strlen(++method);
	return length > 0 && strlen(name) >= length &&
	       strcmp(name + strlen(name) - length, method) == 0 &&
	       (strlen(name) == length || name[strlen(name) - length - 1] == ':');
}

bool wrapper_name_is_one(const char *function)
{
	char name[128];
	size_t length = plain_name(function, name, sizeof(name));
	long prefix = prefix_of(name, length);

	return (prefix >= 0 && prefix <= (long)PREFIX_MAX) ||
	       has_only_wrapper_words(name) || is_layer_name(name);
}

uint32_t wrapper_name_callers_needed(const char *function)
{
	static const char *const makers[] = { "new", "create", "make",
					      "dup", "clone",  "copy" };
	char name[128];
	size_t length = plain_name(function, name, sizeof(name));

	if (prefix_of(name, length) >= 0 || strstr(name, "alloc") ||
	    strncmp(name, "sds", 3) == 0)
		return 2;
	for (size_t i = 0; i < sizeof(makers) / sizeof(makers[0]); i++)
		if (strstr(name, makers[i]))
			return WRAPPER_NAME_CALLERS_MOST;
	return 0;
}
