/*
 * test_symbol_store - the contract of symbol_store.h, one test per sentence
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "analyzer/symbols/cache_folder.h"
#include "analyzer/symbols/symbol_store.h"

static char folder[] = "/tmp/heapring-store.XXXXXX";
static struct string_pool *strings;

static void setup(void)
{
	cr_assert(mkdtemp(folder) != NULL);
	setenv("XDG_CACHE_HOME", folder, 1);
	unsetenv("HEAPRING_CACHE");
	strings = string_pool_new();
}

static void teardown(void)
{
	char command[128];

	string_pool_free(strings);
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	cr_assert(eq(int, system(command), 0));
}

TestSuite(symbol_store, .init = setup, .fini = teardown);

static struct heapring_module module_of(const char *path, uint8_t id)
{
	struct heapring_module module = { .build_id_len = id ? 20 : 0,
					  .build_id = { id } };

	snprintf(module.path, sizeof(module.path), "%s", path);
	return module;
}

/* Keeps one address, called name, beside what is kept. */
static void keep(const struct heapring_module *module, uint64_t address, const char *name)
{
	struct symbol_store *before = symbol_store_open(module);
	const struct symbol symbol = { .function = string_pool_keep(strings, name),
				       .line = 3,
				       .inlined = 1 };
	const struct named_address named = { address, &symbol, 1 };

	symbol_store_save(module, before, strings, &named, 1);
	symbol_store_close(before);
}

/* What the address is called, "" when that is not kept. */
static const char *kept(const struct heapring_module *module, uint64_t address)
{
	struct symbol_store *store = symbol_store_open(module);
	uint32_t first, count = symbol_store_find(store, address, &first);
	const char *name = "";

	if (count > 0)
		name = string_pool_keep(strings,
					symbol_store_symbol(store, first, 0).function);
	symbol_store_close(store);
	return name;
}

Test(symbol_store, what_was_kept_is_found_as_it_was)
{
	struct heapring_module module = module_of("/bin/x", 1);
	struct symbol_store *store;
	struct symbol symbol;
	uint32_t first;

	keep(&module, 16, "f");
	store = symbol_store_open(&module);
	cr_assert(eq(u32, symbol_store_find(store, 16, &first), 1));
	symbol = symbol_store_symbol(store, first, 0);
	cr_expect(eq(str, (char *)symbol.function, "f"));
	cr_expect(zero(ptr, (void *)symbol.file));
	cr_expect(eq(u32, symbol.line, 3));
	cr_expect(eq(u8, symbol.inlined, 1));
	cr_expect(eq(u32, symbol_store_find(store, 17, &first), 0));
	symbol_store_close(store);
}

Test(symbol_store, what_was_kept_before_stays)
{
	struct heapring_module module = module_of("/bin/x", 1);

	keep(&module, 32, "second");
	keep(&module, 16, "first");
	keep(&module, 48, "third");
	keep(&module, 32, "again");
	cr_expect(eq(str, (char *)kept(&module, 16), "first"));
	cr_expect(eq(str, (char *)kept(&module, 32), "again"));
	cr_expect(eq(str, (char *)kept(&module, 48), "third"));
}

Test(symbol_store, another_build_or_another_name_of_the_file_has_its_own)
{
	struct heapring_module one = module_of("/bin/x", 1), two = module_of("/bin/x", 2),
			       renamed = module_of("/bin/y", 1),
			       moved = module_of("/opt/x", 1);

	keep(&one, 16, "f");
	cr_expect(eq(str, (char *)kept(&two, 16), ""));
	cr_expect(eq(str, (char *)kept(&renamed, 16), ""));
	cr_expect(eq(str, (char *)kept(&moved, 16), "f"));
}

Test(symbol_store, without_a_build_id_nothing_is_kept)
{
	struct heapring_module module = module_of("/bin/x", 0);

	keep(&module, 16, "f");
	cr_expect(zero(ptr, symbol_store_open(&module)));
}

Test(symbol_store, without_a_folder_nothing_is_kept)
{
	struct heapring_module module = module_of("/bin/x", 1);

	setenv("HEAPRING_CACHE", "0", 1);
	keep(&module, 16, "f");
	cr_expect(zero(ptr, symbol_store_open(&module)));
	unsetenv("HEAPRING_CACHE");
	setenv("XDG_CACHE_HOME", "relative", 1);
	setenv("HOME", "/nonexistent", 1);
	keep(&module, 16, "f");
	cr_expect(zero(ptr, symbol_store_open(&module)));
}

/* Overwrites the finder's build-id, which follows the magic number. */
Test(symbol_store, names_by_another_heapring_are_not_used)
{
	struct heapring_module module = module_of("/bin/x", 1);
	char command[256];

	keep(&module, 16, "f");
	snprintf(command, sizeof(command),
		 "printf xxxx | dd of=$(echo %s/heapring/*) bs=1 seek=12 conv=notrunc "
		 "2>/dev/null",
		 folder);
	cr_assert(eq(int, system(command), 0));
	cr_expect(zero(ptr, symbol_store_open(&module)));
}

static void make_file(int fd, const char *name, uint64_t bytes, time_t used)
{
	const struct timespec times[] = { { .tv_sec = used }, { .tv_sec = used } };
	int file = openat(fd, name, O_WRONLY | O_CREAT, 0600);

	cr_assert(eq(int, ftruncate(file, (off_t)bytes), 0));
	cr_assert(eq(int, futimens(file, times), 0));
	close(file);
}

Test(symbol_store, the_least_recently_used_go_first)
{
	struct heapring_module module = module_of("/bin/x", 1);
	int fd;

	keep(&module, 16, "f");
	fd = cache_folder_open(false);
	make_file(fd, "old", STORE_BYTES_MAX / 2, 1000);
	make_file(fd, "older", STORE_BYTES_MAX / 2, 900);
	keep(&module, 32, "g");
	cr_expect(eq(str, (char *)kept(&module, 16), "f"));
	cr_expect(eq(int, faccessat(fd, "old", F_OK, 0), 0));
	cr_expect(eq(int, faccessat(fd, "older", F_OK, 0), -1));
	close(fd);
}

Test(symbol_store, what_is_used_counts_as_recent)
{
	struct heapring_module module = module_of("/bin/x", 1);
	int fd;

	keep(&module, 16, "f");
	fd = cache_folder_open(false);
	for (DIR *stream = fdopendir(dup(fd)); stream;) {
		struct dirent *entry = readdir(stream);
		const struct timespec past[] = { { .tv_sec = 9 }, { .tv_sec = 9 } };

		if (!entry) {
			closedir(stream);
			break;
		}
		if (*entry->d_name != '.')
			utimensat(fd, entry->d_name, past, 0);
	}
	make_file(fd, "old", STORE_BYTES_MAX, 1000);
	cr_expect(eq(str, (char *)kept(&module, 16), "f"));
	cache_folder_bound(fd, STORE_BYTES_MAX);
	cr_expect(eq(str, (char *)kept(&module, 16), "f"));
	cr_expect(eq(int, faccessat(fd, "old", F_OK, 0), -1));
	close(fd);
}
