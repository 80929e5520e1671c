/*
 * test_symbol_cache - the contract of symbol_cache.h, one test per sentence
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <stdio.h>
#include <string.h>

#include "analyzer/symbols/symbol_cache.h"

static const struct heapring_header process = { .pid = 7, .start_unix_ns = 9 };

static struct heapring_module module_of(const char *path, uint8_t id)
{
	struct heapring_module module = { .build_id_len = id ? 1 : 0,
					  .build_id = { id } };

	snprintf(module.path, sizeof(module.path), "%s", path);
	return module;
}

static void put(struct symbol_cache_module *module, uint64_t address, const char *name)
{
	const struct symbol symbol = { .function = name, .line = 3 };

	symbol_cache_put(module, address, &symbol, 1);
}

Test(symbol_cache, what_was_put_is_found_with_copied_texts)
{
	struct symbol_cache *cache = symbol_cache_new();
	struct heapring_module module = module_of("/lib/x", 1);
	char name[] = "outer";
	const struct symbol both[] = { { .function = "inner", .inlined = 1 },
				       { .function = name } };
	const struct symbol *found;

	symbol_cache_put(symbol_cache_module(cache, &process, &module), 16, both, 2);
	name[0] = '!';
	cr_assert(eq(u32,
		     symbol_cache_find(symbol_cache_module(cache, &process, &module), 16,
				       &found),
		     2));
	cr_expect(eq(str, (char *)found[0].function, "inner"));
	cr_expect(eq(str, (char *)found[1].function, "outer"));
	cr_expect(eq(u32,
		     symbol_cache_find(symbol_cache_module(cache, &process, &module), 17,
				       &found),
		     0));
	symbol_cache_free(cache);
}

Test(symbol_cache, another_build_of_a_path_is_another_module)
{
	struct symbol_cache *cache = symbol_cache_new();
	struct heapring_module one = module_of("/lib/x", 1), two = module_of("/lib/x", 2);
	const struct symbol *found;

	put(symbol_cache_module(cache, &process, &one), 16, "f");
	cr_expect(eq(
		u32,
		symbol_cache_find(symbol_cache_module(cache, &process, &two), 16, &found),
		0));
	symbol_cache_free(cache);
}

Test(symbol_cache, without_a_build_id_only_the_same_process_is_believed)
{
	const struct heapring_header later = { .pid = 7, .start_unix_ns = 10 };
	struct symbol_cache *cache = symbol_cache_new();
	struct heapring_module module = module_of("/lib/x", 0);
	const struct symbol *found;

	put(symbol_cache_module(cache, &process, &module), 16, "f");
	cr_expect(eq(u32,
		     symbol_cache_find(symbol_cache_module(cache, &process, &module), 16,
				       &found),
		     1));
	cr_expect(eq(u32,
		     symbol_cache_find(symbol_cache_module(cache, &later, &module), 16,
				       &found),
		     0));
	symbol_cache_free(cache);
}

Test(symbol_cache, the_least_recently_asked_for_module_goes_first)
{
	static struct symbol many[10000];
	struct symbol_cache *cache = symbol_cache_new();
	struct heapring_module first = module_of("/lib/first", 1),
			       second = module_of("/lib/second", 1),
			       third = module_of("/lib/third", 1);
	struct symbol_cache_module *large;
	const struct symbol *found;

	for (size_t i = 0; i < 10000; i++)
		many[i].function = "f";
	put(symbol_cache_module(cache, &process, &first), 1, "f");
	put(symbol_cache_module(cache, &process, &second), 1, "f");
	symbol_cache_module(cache, &process, &first);
	large = symbol_cache_module(cache, &process, &third);
	for (uint64_t i = 0; i <= SYMBOL_CACHE_MAX / 10000; i++)
		symbol_cache_put(large, i, many, 10000);
	/* too many by now: `second` is the oldest, then `third` */
	cr_expect(eq(u32,
		     symbol_cache_find(symbol_cache_module(cache, &process, &first), 1,
				       &found),
		     1));
	cr_expect(eq(u32,
		     symbol_cache_find(symbol_cache_module(cache, &process, &second), 1,
				       &found),
		     0));
	symbol_cache_free(cache);
}

Test(symbol_cache, no_cache_knows_nothing_and_harms_nobody)
{
	struct heapring_module module = module_of("/lib/x", 1);
	const struct symbol *found;
	struct symbol_cache_module *none = symbol_cache_module(NULL, &process, &module);

	put(none, 16, "f");
	cr_expect(eq(u32, symbol_cache_find(none, 16, &found), 0));
	symbol_cache_free(NULL);
}
