/*
 * packed_block - the names that `heapring pack` put behind a dump, as one block
 *
 * The parts stand in an order in which each keeps the next one aligned, so they
 * are used where they were read.
 */
#include "analyzer/segment/packed_block.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "analyzer/segment/segment_map.h"

/* A sparse file is as large as it likes; no real block comes near. */
#define BYTES_MAX (1ull << 30)

_Static_assert(sizeof(struct packed_head) == 40, "head");
_Static_assert(sizeof(struct packed_address) == 16, "addresses");
_Static_assert(sizeof(struct packed_entry) == 20, "entries");
_Static_assert(sizeof(struct packed_source) == 12, "sources");

static uint64_t bytes_of(const struct packed_head *head)
{
	return sizeof(*head) + (uint64_t)head->addresses * sizeof(struct packed_address) +
	       (uint64_t)head->entries * sizeof(struct packed_entry) +
	       (uint64_t)head->sources * sizeof(struct packed_source) +
	       (uint64_t)head->warnings * sizeof(uint32_t) + head->texts_bytes +
	       head->sources_bytes;
}

static void find_parts(struct packed_block *packed)
{
	const struct packed_head *head = &packed->head;
	const char *at = packed->block + sizeof(*head);

	packed->addresses = (const void *)at;
	at += (size_t)head->addresses * sizeof(*packed->addresses);
	packed->entries = (const void *)at;
	at += (size_t)head->entries * sizeof(*packed->entries);
	packed->sources = (const void *)at;
	at += (size_t)head->sources * sizeof(*packed->sources);
	packed->warnings = (const void *)at;
	at += (size_t)head->warnings * sizeof(*packed->warnings);
	packed->texts = at;
	packed->source_texts = at + head->texts_bytes;
}

static int compare(const struct packed_address *packed, uint16_t module, uint64_t pc)
{
	if (packed->module != module)
		return packed->module < module ? -1 : 1;
	return (packed->pc > pc) - (packed->pc < pc);
}

static bool addresses_are_good(const struct packed_block *packed)
{
	const struct packed_address *all = packed->addresses;
	uint32_t entries = packed->head.entries;

	for (uint32_t i = 0; i < packed->head.addresses; i++)
		if (all[i].count == 0 || all[i].count > entries ||
		    all[i].first > entries - all[i].count ||
		    (i > 0 && compare(&all[i - 1], all[i].module, all[i].pc) >= 0))
			return false;
	return true;
}

static bool texts_are_good(const struct packed_block *packed)
{
	const struct packed_head *head = &packed->head;
	uint32_t end = head->texts_bytes;

	if (end == 0 || packed->texts[end - 1] != '\0')
		return false;
	for (uint32_t i = 0; i < head->entries; i++)
		if (packed->entries[i].function >= end || packed->entries[i].file >= end)
			return false;
	for (uint32_t i = 0; i < head->warnings; i++)
		if (packed->warnings[i] >= end)
			return false;
	for (uint32_t i = 0; i < head->sources; i++)
		if (packed->sources[i].path >= end ||
		    packed->sources[i].bytes > head->sources_bytes ||
		    packed->sources[i].offset >
			    head->sources_bytes - packed->sources[i].bytes)
			return false;
	return true;
}

static int damaged(const char *path, const char *what, struct fault *fault)
{
	return fault_set(fault, FAULT_INPUT, -EINVAL,
			 "the symbols packed into %s are damaged: %s; pack the dump "
			 "again where its programs are",
			 path, what);
}

static int check(const char *path, struct packed_block *packed, uint64_t bytes,
		 struct fault *fault)
{
	if (bytes >= sizeof(packed->head))
		memcpy(&packed->head, packed->block, sizeof(packed->head));
	if (packed->head.magic != PACKED_MAGIC)
		return damaged(path, "they do not begin as such", fault);
	if (packed->head.version != PACKED_VERSION)
		return fault_set(fault, FAULT_INPUT, -EPROTO,
				 "the symbols packed into %s have version %u, this "
				 "heapring reads version %u",
				 path, packed->head.version, PACKED_VERSION);
	if (bytes_of(&packed->head) != bytes)
		return damaged(path, "their sizes contradict each other", fault);
	find_parts(packed);
	if (!addresses_are_good(packed) || !texts_are_good(packed))
		return damaged(path, "they refer to something that is not there", fault);
	return 0;
}

int packed_block_read(int fd, const char *path, uint64_t offset, uint64_t bytes,
		      struct packed_block **ret_packed, struct fault *fault)
{
	struct packed_block *packed;
	struct stat st;
	int r;

	if (bytes > BYTES_MAX)
		return damaged(path, "they claim to be larger than 1 GiB", fault);
	if (fstat(fd, &st) != 0 || bytes > (uint64_t)st.st_size ||
	    offset > (uint64_t)st.st_size - bytes)
		return damaged(path, "the file was cut short", fault);
	packed = calloc(1, sizeof(*packed));
	if (packed)
		packed->block = malloc(bytes + 1);
	if (!packed || !packed->block) {
		packed_block_free(packed);
		return fault_set(fault, FAULT_INPUT, -ENOMEM,
				 "out of memory for the symbols in %s", path);
	}
	r = segment_map_read(fd, path, packed->block, bytes, offset, fault);
	if (r == 0)
		r = check(path, packed, bytes, fault);
	if (r < 0) {
		packed_block_free(packed);
		return r;
	}
	*ret_packed = packed;
	return 0;
}

int packed_block_load(int fd, const char *path, const struct heapring_header *header,
		      struct packed_block **ret_packed, struct fault *fault)
{
	*ret_packed = NULL;
	if (header->symbols_bytes == 0 || header->kind != 1)
		return 0;
	return packed_block_read(fd, path, header->symbols_offset, header->symbols_bytes,
				 ret_packed, fault);
}

void packed_block_free(struct packed_block *packed)
{
	if (packed)
		free(packed->block);
	free(packed);
}

const struct packed_address *packed_block_find(const struct packed_block *packed,
					       uint16_t module, uint64_t pc)
{
	uint32_t low = 0, high = packed->head.addresses;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		int order = compare(&packed->addresses[middle], module, pc);

		if (order == 0)
			return &packed->addresses[middle];
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

const char *packed_block_source(const struct packed_block *packed, const char *name,
				size_t *ret_bytes)
{
	for (uint32_t i = 0; packed && i < packed->head.sources; i++) {
		const struct packed_source *source = &packed->sources[i];

		if (strcmp(packed->texts + source->path, name) == 0) {
			*ret_bytes = source->bytes;
			return packed->source_texts + source->offset;
		}
	}
	return NULL;
}
