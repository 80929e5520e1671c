/*
 * live_blocks - every block that a running process holds, read from outside
 *
 * Only writable mappings can hold blocks. Of the shadow of each, /proc/PID/pagemap
 * says which pages exist; reading others would make them.
 */
#include "analyzer/machine/live_blocks.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#define PAGE 4096u
#define WORDS (PAGE / sizeof(uint32_t)) /* of one page of the shadow: 16 KiB of heap */
#define TAIL 4u                         /* words behind the head of a block's record */
#define ENTRIES 512u                    /* of pagemap, read at once */
/* No heap: reserved address space, as the shim's own tables are. */
#define MAPPING_MAX (1ull << 38)
#define PRESENT (1ull << 63 | 1ull << 62) /* in memory, or swapped out */

/* As preload/allocator/live_table.h lays a block's words out. */
#define HEAD 0x80000000u
#define LONG 0x20000000u
#define SITE 0x007fffffu
#define SIZE_SHIFT 23u
#define WORD 0x7fffffffu

struct walk {
	uint32_t pid;
	uint64_t table;
	uint32_t odd;      /* 8: the table of addresses at 8 mod 16 */
	uint64_t from, to; /* the mapping; a page of the shadow may serve two */
	int pagemap;
	uint64_t known; /* page that entry[0] is of */
	uint64_t entry[ENTRIES];
	live_blocks_fn *fn;
	void *arg;
};

size_t live_blocks_read(uint32_t pid, uint64_t address, void *to, size_t bytes)
{
	struct iovec local = { to, bytes };
	struct iovec remote = { (void *)(uintptr_t)address, bytes };
	ssize_t got = process_vm_readv((pid_t)pid, &local, 1, &remote, 1, 0);

	return got > 0 ? (size_t)got : 0;
}

static bool exists(struct walk *walk, uint64_t page)
{
	uint64_t number = page / PAGE;

	if (number - walk->known >= ENTRIES) {
		walk->known = number;
		memset(walk->entry, 0, sizeof(walk->entry));
		if (pread(walk->pagemap, walk->entry, sizeof(walk->entry),
			  (off_t)(number * sizeof(uint64_t))) < 0)
			return false;
	}
	return (walk->entry[number - walk->known] & PRESENT) != 0;
}

static uint64_t size_of(const uint32_t *word)
{
	uint64_t size = word[0] >> SIZE_SHIFT & 63;

	if (word[0] & LONG)
		size = word[2];
	return size == WORD ? word[3] | (uint64_t)word[4] << 31 : size;
}

/* heap: the address that the first word stands for. */
static int visit_page(struct walk *walk, uint64_t heap, uint64_t page)
{
	uint32_t words[WORDS + TAIL] = { 0 };
	size_t got;
	int r = 0;

	got = live_blocks_read(walk->pid, page, words,
			       exists(walk, page + PAGE) ? sizeof(words) : PAGE);
	got /= sizeof(words[0]);
	for (size_t i = 0; r == 0 && i < got && i < WORDS; i++) {
		struct live_block block = { .address = heap + i * 16 + walk->odd,
					    .site = words[i] & SITE };

		if (!(words[i] & HEAD) || block.address < walk->from ||
		    block.address >= walk->to)
			continue;
		block.size = size_of(&words[i]);
		r = walk->fn(walk->arg, &block);
	}
	return r;
}

static int visit_mapping(struct walk *walk, uint64_t from, uint64_t to)
{
	uint64_t page = (walk->table + (from >> 4 << 2)) & ~(uint64_t)(PAGE - 1);
	uint64_t end = walk->table + (to >> 4 << 2);
	int r = 0;

	walk->from = from;
	walk->to = to;
	for (; r == 0 && page < end; page += PAGE)
		if (exists(walk, page))
			r = visit_page(walk, (page - walk->table) << 2, page);
	return r;
}

static int cannot(uint32_t pid, struct fault *fault)
{
	return fault_set(fault, FAULT_TARGET, -errno,
			 "cannot look into the memory of process %u: %s; be its user, or "
			 "root",
			 pid, strerror(errno));
}

/* Yama may forbid what file permissions allow. */
static bool may_read(const struct walk *walk, uint64_t address)
{
	char byte;

	return live_blocks_read(walk->pid, address, &byte, 1) == 1;
}

static int visit_all(struct walk *walk, struct fault *fault)
{
	FILE *maps;
	char line[512], rights[5];
	uint64_t from, to;
	int r = 0;

	snprintf(line, sizeof(line), "/proc/%u/maps", walk->pid);
	maps = fopen(line, "re");
	if (!maps)
		return cannot(walk->pid, fault);
	while (r == 0 && fgets(line, sizeof(line), maps))
		if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s", &from, &to, rights) ==
			    3 &&
		    rights[1] == 'w' && to < 1ull << 47 && to - from < MAPPING_MAX)
			r = visit_mapping(walk, from, to);
	fclose(maps);
	return r;
}

int live_blocks_each(const struct heapring_header *header, live_blocks_fn *fn, void *arg,
		     struct fault *fault)
{
	uint32_t pid = header->pid;
	struct walk walk = { .pid = pid, .fn = fn, .arg = arg };
	const uint64_t tables[] = { header->live_table, header->live_table_odd };
	char path[64];
	int r = 0;

	snprintf(path, sizeof(path), "/proc/%u/pagemap", pid);
	walk.pagemap = open(path, O_RDONLY | O_CLOEXEC);
	if (walk.pagemap < 0)
		return cannot(pid, fault);
	if (!may_read(&walk, header->live_table))
		r = cannot(pid, fault);
	for (uint32_t odd = 0; r == 0 && odd < 2; odd++) {
		walk.table = tables[odd];
		walk.odd = odd * 8;
		walk.known = UINT64_MAX / 2;
		if (walk.table)
			r = visit_all(&walk, fault);
	}
	close(walk.pagemap);
	return r;
}
