/*
 * symbol_store - names that were found once, for the next command
 *
 * A file is a head and a block as `heapring pack` writes it (packed_block.h), with
 * addresses of the module's file instead of pcs. It is written under a name of its
 * own and renamed; the checksum answers for what a power failure leaves.
 */
#include "analyzer/symbols/symbol_store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <elfutils/libdwelf.h>
#include <zlib.h>

#include "analyzer/symbols/cache_folder.h"
#include "analyzer/symbols/packed_symbols.h"
#include "analyzer/symbols/packed_writer.h"

#define STORE_MAGIC 0x53454d414e5248ull /* "HRNAMES" */
#define FINDER_BYTES 20u

struct store_head {
	uint64_t magic;
	uint8_t finder[FINDER_BYTES]; /* build-id of the heapring that wrote it */
	uint32_t checksum;            /* of the block */
	uint64_t bytes;
};

struct symbol_store {
	struct packed_block *packed;
};

_Static_assert(sizeof(struct store_head) == 40, "head");

/* False: this program has no build-id. */
static bool own_build_id(uint8_t finder[FINDER_BYTES])
{
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	const void *id = NULL;
	ssize_t length;
	Elf *elf;

	elf_version(EV_CURRENT);
	elf = fd >= 0 ? elf_begin(fd, ELF_C_READ_MMAP, NULL) : NULL;
	length = elf ? dwelf_elf_gnu_build_id(elf, &id) : 0;
	memset(finder, 0, FINDER_BYTES);
	if (length > 0)
		memcpy(finder, id,
		       (size_t)length < FINDER_BYTES ? (size_t)length : FINDER_BYTES);
	elf_end(elf);
	if (fd >= 0)
		close(fd);
	return length > 0;
}

/* <build-id>.<checksum of the file's name>; names without a name hold the file's. */
static bool file_name(const struct heapring_module *module, char *name, size_t room)
{
	const char *slash = strrchr(module->path, '/');
	const char *base = slash ? slash + 1 : module->path;
	size_t at = 0;

	if (module->build_id_len == 0 || module->build_id_len > sizeof(module->build_id))
		return false;
	for (unsigned i = 0; i < module->build_id_len && at < room; i++)
		at += (size_t)snprintf(name + at, room - at, "%02x", module->build_id[i]);
	return at < room &&
	       snprintf(name + at, room - at, ".%08lx",
			crc32_z(0, (const void *)base, strlen(base))) < (int)(room - at);
}

static struct packed_block *load(int fd, const char *name)
{
	struct packed_block *packed = NULL;
	struct store_head head;
	uint8_t finder[FINDER_BYTES];
	struct fault unused;

	if (pread(fd, &head, sizeof(head), 0) != sizeof(head) ||
	    head.magic != STORE_MAGIC || head.bytes > STORE_MODULE_MAX ||
	    !own_build_id(finder) || memcmp(finder, head.finder, FINDER_BYTES) != 0 ||
	    packed_block_read(fd, name, sizeof(head), head.bytes, &packed, &unused) < 0)
		return NULL;
	if (crc32_z(0, (const void *)packed->block, head.bytes) == head.checksum)
		return packed;
	packed_block_free(packed);
	return NULL;
}

struct symbol_store *symbol_store_open(const struct heapring_module *module)
{
	char name[NAME_MAX];
	int folder =
		file_name(module, name, sizeof(name)) ? cache_folder_open(false) : -1;
	int fd = folder >= 0 ? openat(folder, name,
				      O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK)
			     : -1;
	struct packed_block *packed = fd >= 0 ? load(fd, name) : NULL;
	struct symbol_store *store = packed ? calloc(1, sizeof(*store)) : NULL;

	if (store) {
		store->packed = packed;
		futimens(fd, NULL);
	} else {
		packed_block_free(packed);
	}
	if (fd >= 0)
		close(fd);
	if (folder >= 0)
		close(folder);
	return store;
}

void symbol_store_close(struct symbol_store *store)
{
	if (store)
		packed_block_free(store->packed);
	free(store);
}

uint32_t symbol_store_addresses(const struct symbol_store *store)
{
	return store ? store->packed->head.addresses : 0;
}

uint32_t symbol_store_find(const struct symbol_store *store, uint64_t address,
			   uint32_t *ret_first)
{
	const struct packed_address *found =
		store ? packed_block_find(store->packed, 0, address) : NULL;

	*ret_first = found ? found->first : 0;
	return found ? found->count : 0;
}

struct symbol symbol_store_symbol(const struct symbol_store *store, uint32_t first,
				  uint32_t i)
{
	return packed_symbols_symbol(store->packed, first + i);
}

/* One that was kept before and is not among those that are named now. */
static int add_before(struct packed_writer *writer, const struct packed_block *before,
		      const struct packed_address *address, struct string_pool *strings)
{
	struct symbol *symbols = calloc(address->count, sizeof(*symbols));
	int r = -ENOMEM;

	for (uint32_t i = 0; symbols && i < address->count; i++) {
		symbols[i] = packed_symbols_symbol(before, address->first + i);
		symbols[i].function = string_pool_keep(strings, symbols[i].function);
		symbols[i].file = string_pool_keep(strings, symbols[i].file);
	}
	if (symbols)
		r = packed_writer_address(writer, 0, address->pc, symbols,
					  address->count);
	free(symbols);
	return r;
}

/* Both are in order: merges them. */
static int add_all(struct packed_writer *writer, const struct packed_block *before,
		   struct string_pool *strings, const struct named_address *named,
		   uint32_t count)
{
	uint32_t old = 0, old_count = before ? before->head.addresses : 0;
	int r = 0;

	for (uint32_t i = 0; r == 0 && (i < count || old < old_count);) {
		const struct packed_address *kept =
			old < old_count ? &before->addresses[old] : NULL;

		if (kept && (i == count || kept->pc < named[i].address)) {
			r = add_before(writer, before, kept, strings);
			old++;
			continue;
		}
		old += kept && kept->pc == named[i].address;
		r = packed_writer_address(writer, 0, named[i].address, named[i].symbols,
					  named[i].count);
		i++;
	}
	return r == 0 ? packed_writer_finish(writer) : r;
}

static bool write_file(int fd, const struct packed_writer *writer)
{
	struct store_head head = { .magic = STORE_MAGIC,
				   .checksum = packed_writer_checksum(writer),
				   .bytes = packed_writer_bytes(writer) };

	return own_build_id(head.finder) && head.bytes <= STORE_MODULE_MAX &&
	       packed_writer_write(writer, fd, sizeof(head)) == 0 &&
	       packed_writer_write_at(fd, &head, sizeof(head), 0) == 0;
}

static void write_out(int folder, const char *name, const struct packed_writer *writer)
{
	char written[NAME_MAX];
	int fd;

	snprintf(written, sizeof(written), "%.200s.%ld", name, (long)getpid());
	unlinkat(folder, written,
		 0); /* left by a process of this number that was killed */
	fd = openat(folder, written, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
		    0600);
	if (fd < 0)
		return;
	if (!write_file(fd, writer) || renameat(folder, written, folder, name) != 0)
		unlinkat(folder, written, 0);
	close(fd);
	cache_folder_bound(folder, STORE_BYTES_MAX);
}

void symbol_store_save(const struct heapring_module *module,
		       const struct symbol_store *before, struct string_pool *strings,
		       const struct named_address *named, uint32_t count)
{
	char name[NAME_MAX];
	int folder = file_name(module, name, sizeof(name)) ? cache_folder_open(true) : -1;
	struct packed_writer *writer = folder >= 0 ? packed_writer_new() : NULL;

	if (writer &&
	    add_all(writer, before ? before->packed : NULL, strings, named, count) == 0)
		write_out(folder, name, writer);
	packed_writer_free(writer);
	if (folder >= 0)
		close(folder);
}
