/*
 * function_starts - where the functions of a stripped file begin
 *
 * Reads .eh_frame_hdr, the sorted table that the loader's unwinder searches:
 * version, three encodings, then pairs of 32-bit offsets from the table's own
 * address (the one form that linkers write on x86-64 and ARM64).
 */
#include "analyzer/symbols/function_starts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define PCREL_SDATA4 0x1b
#define UDATA4 0x03
#define DATAREL_SDATA4 0x3b
#define PAIRS_AT 12u

/* The segment's bytes and its address in the file's headers. */
static const unsigned char *find_table(const struct module_file *file,
				       uint64_t *ret_address, size_t *ret_bytes)
{
	GElf_Addr bias;
	Elf *elf = dwfl_module_getelf(file->module, &bias);
	size_t count = 0, file_bytes;
	const char *raw = elf ? elf_rawfile(elf, &file_bytes) : NULL;
	GElf_Phdr header;

	if (!raw || elf_getphdrnum(elf, &count) != 0)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		if (!gelf_getphdr(elf, (int)i, &header) ||
		    header.p_type != PT_GNU_EH_FRAME)
			continue;
		if (header.p_offset > file_bytes ||
		    header.p_filesz > file_bytes - header.p_offset)
			return NULL;
		*ret_address = header.p_vaddr;
		*ret_bytes = header.p_filesz;
		return (const unsigned char *)raw + header.p_offset;
	}
	return NULL;
}

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

int function_starts_load(const struct module_file *file,
			 struct function_starts *ret_starts)
{
	struct function_starts starts = { 0 };
	uint64_t address = 0;
	size_t bytes = 0;
	const unsigned char *table = find_table(file, &address, &bytes);
	uint32_t count = 0;

	memset(ret_starts, 0, sizeof(*ret_starts));
	if (!table || bytes < PAIRS_AT || table[0] != 1 || table[1] != PCREL_SDATA4 ||
	    table[2] != UDATA4 || table[3] != DATAREL_SDATA4)
		return 0;
	memcpy(&count, table + 8, sizeof(count));
	if (count > (bytes - PAIRS_AT) / 8)
		return 0;
	starts.starts = malloc(((size_t)count + 1) * sizeof(*starts.starts));
	if (!starts.starts)
		return -ENOMEM;
	for (; starts.count < count; starts.count++) {
		int32_t offset;

		memcpy(&offset, table + PAIRS_AT + starts.count * 8, sizeof(offset));
		starts.starts[starts.count] = address + (uint64_t)(int64_t)offset;
	}
	qsort(starts.starts, starts.count, sizeof(*starts.starts), by_value);
	*ret_starts = starts;
	return 0;
}

void function_starts_done(struct function_starts *starts)
{
	free(starts->starts);
	starts->starts = NULL;
	starts->count = 0;
}

uint64_t function_starts_find(const struct function_starts *starts, uint64_t address)
{
	size_t low = 0, high = starts->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (starts->starts[middle] <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low > 0 ? starts->starts[low - 1] : 0;
}
