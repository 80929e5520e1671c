/*
 * symbol_cache - names that were found once, for whoever loads a process often
 *
 * Each module has its own texts and its own array of symbols, so dropping one is
 * freeing it. Modules hang in uthash's insertion order; one that is asked for is
 * taken out and put in again, so the first in order is the least recently used.
 */
#include "analyzer/symbols/symbol_cache.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <uthash.h>

#include "analyzer/symbols/string_pool.h"

struct known {
	UT_hash_handle hh;
	uint64_t address; /* in the module's file */
	uint32_t first, count;
};

struct symbol_cache_module {
	UT_hash_handle hh;
	char *key;
	struct symbol_cache *cache;
	struct string_pool *strings;
	struct known *known;
	struct symbol *symbols;
	uint32_t count, room;
};

struct symbol_cache {
	struct symbol_cache_module *modules;
	uint32_t count; /* symbols of all modules */
};

static void free_module(struct symbol_cache_module *module)
{
	struct known *known, *next;

	HASH_ITER(hh, module->known, known, next)
	{
		HASH_DEL(module->known, known);
		free(known);
	}
	if (module->strings)
		string_pool_free(module->strings);
	free(module->symbols);
	free(module->key);
	free(module);
}

static void drop(struct symbol_cache *cache, struct symbol_cache_module *module)
{
	cache->count -= module->count;
	HASH_DEL(cache->modules, module);
	free_module(module);
}

struct symbol_cache *symbol_cache_new(void)
{
	return calloc(1, sizeof(struct symbol_cache));
}

void symbol_cache_free(struct symbol_cache *cache)
{
	while (cache && cache->modules)
		drop(cache, cache->modules);
	free(cache);
}

static char *key_of(const struct heapring_header *process,
		    const struct heapring_module *module)
{
	unsigned length = module->build_id_len < sizeof(module->build_id)
				  ? module->build_id_len
				  : sizeof(module->build_id);
	char id[2 * sizeof(module->build_id) + 1] = "";
	char *key;

	for (unsigned i = 0; i < length; i++)
		snprintf(id + 2 * (size_t)i, 3, "%02x", module->build_id[i]);
	if (length == 0)
		snprintf(id, sizeof(id), "%u.%llu", process->pid,
			 (unsigned long long)process->start_unix_ns);
	return asprintf(&key, "%s %s", id, module->path) < 0 ? NULL : key;
}

static struct symbol_cache_module *add_module(struct symbol_cache *cache, char *key)
{
	struct symbol_cache_module *module = calloc(1, sizeof(*module));

	if (!module) {
		free(key);
		return NULL;
	}
	module->key = key;
	module->cache = cache;
	module->strings = string_pool_new();
	if (!module->strings) {
		free_module(module);
		return NULL;
	}
	HASH_ADD_KEYPTR(hh, cache->modules, module->key, strlen(module->key), module);
	return module;
}

struct symbol_cache_module *symbol_cache_module(struct symbol_cache *cache,
						const struct heapring_header *process,
						const struct heapring_module *module)
{
	char *key = cache ? key_of(process, module) : NULL;
	struct symbol_cache_module *found;

	if (!key)
		return NULL;
	HASH_FIND_STR(cache->modules, key, found);
	if (found) {
		HASH_DEL(cache->modules, found);
		HASH_ADD_KEYPTR(hh, cache->modules, found->key, strlen(found->key),
				found);
		free(key);
	}
	while (cache->count > SYMBOL_CACHE_MAX && cache->modules != found)
		drop(cache, cache->modules);
	return found ? found : add_module(cache, key);
}

uint32_t symbol_cache_find(const struct symbol_cache_module *module, uint64_t address,
			   const struct symbol **ret_symbols)
{
	struct known *known = NULL;

	if (module)
		HASH_FIND(hh, module->known, &address, sizeof(address), known);
	if (!known)
		return 0;
	*ret_symbols = module->symbols + known->first;
	return known->count;
}

static bool make_room(struct symbol_cache_module *module, uint32_t count)
{
	uint32_t room = (module->room + count) * 2;
	struct symbol *grown;

	if (module->count + count <= module->room)
		return true;
	grown = realloc(module->symbols, room * sizeof(*grown));
	if (!grown)
		return false;
	module->symbols = grown;
	module->room = room;
	return true;
}

void symbol_cache_put(struct symbol_cache_module *module, uint64_t address,
		      const struct symbol *symbols, uint32_t count)
{
	struct known *known;

	if (!module || module->cache->count > SYMBOL_CACHE_MAX ||
	    !make_room(module, count))
		return;
	known = calloc(1, sizeof(*known));
	if (!known)
		return;
	*known = (struct known){ .address = address,
				 .first = module->count,
				 .count = count };
	for (uint32_t i = 0; i < count; i++) {
		struct symbol *kept = &module->symbols[module->count++];

		*kept = symbols[i];
		kept->function = string_pool_keep(module->strings, kept->function);
		kept->file = string_pool_keep(module->strings, kept->file);
	}
	module->cache->count += count;
	HASH_ADD(hh, module->known, address, sizeof(known->address), known);
}
