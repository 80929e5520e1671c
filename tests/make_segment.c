/*
 * make_segment - writes synthetic dumps for the tests of the command line
 *
 * Usage: make_segment example FILE
 *        make_segment empty FILE         nothing was counted
 *        make_segment sampled FILE       the example at a rate of 512 KiB
 *        make_segment peak FILE          the example with notes of its peak
 *        make_segment grown FILE         the example with twice as much in one site
 *        make_segment large FILE SITES   many stacks of depth 20, to be measured
 *        make_segment elf FILE PROGRAM [SITES]   stacks through the symbols of a
 *                                        real file, with its real build-id
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <gelf.h>

#include "tests/segment_builder.h"

#define DEPTH 20u

static uint64_t state = 88172645463325252ull;

static uint64_t draw(uint64_t below)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state % below;
}

static void add_allocation(struct segment_builder *builder, uint32_t slot, uint32_t node)
{
	uint64_t n = 1 + draw(100), size = 16 + draw(1000), freed = draw(n + 1);

	segment_builder_count(builder, slot, segment_builder_site(builder, node, 1),
			      (struct heapring_counter){ .allocs = n,
							 .alloc_bytes = n * size,
							 .frees = freed,
							 .free_bytes = freed * size });
}

/* Stacks share their outer frames as real ones do. */
static void add_stacks(struct segment_builder *builder, uint32_t sites, uint16_t module,
		       const uint64_t *pcs, uint64_t pcs_count)
{
	uint32_t slot = segment_builder_thread(builder, "main");
	uint32_t path[DEPTH + 1] = { HR_NODE_ROOT };
	uint32_t depth = 0;

	for (uint32_t i = 0; i < sites; i++) {
		for (; depth < DEPTH; depth++)
			path[depth + 1] = segment_builder_node(
				builder, path[depth], pcs[draw(pcs_count)], module);
		add_allocation(builder, slot, path[DEPTH]);
		depth -= (uint32_t)(1 + draw(draw(8) == 0 ? DEPTH : 3));
	}
}

static void large(struct segment_builder *builder, uint32_t sites)
{
	static uint64_t pcs[20000];

	for (size_t i = 0; i < 20000; i++)
		pcs[i] = 0x1000 + i * 24;
	add_stacks(builder, sites,
		   segment_builder_module(builder, "/nonexistent/large", 1), pcs, 20000);
}

/* An address inside each function of the file's symbol tables. */
static uint64_t functions_of(const char *path, uint64_t **ret_pcs)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	uint64_t count = 0;
	Elf_Scn *section = NULL;
	GElf_Shdr header;
	Elf *elf;

	elf_version(EV_CURRENT);
	elf = elf_begin(fd, ELF_C_READ, NULL);
	*ret_pcs = NULL;
	while (elf && (section = elf_nextscn(elf, section)) &&
	       gelf_getshdr(section, &header)) {
		Elf_Data *data;

		if (header.sh_type != SHT_SYMTAB && header.sh_type != SHT_DYNSYM)
			continue;
		data = elf_getdata(section, NULL);
		*ret_pcs =
			realloc(*ret_pcs, (count + data->d_size / header.sh_entsize) * 8);
		for (int i = 0; i < (int)(data->d_size / header.sh_entsize); i++) {
			GElf_Sym symbol;

			if (gelf_getsym(data, i, &symbol) && symbol.st_size > 8 &&
			    GELF_ST_TYPE(symbol.st_info) == STT_FUNC && symbol.st_value)
				(*ret_pcs)[count++] =
					symbol.st_value + 2 + draw(symbol.st_size - 4);
		}
	}
	elf_end(elf);
	close(fd);
	return count;
}

static int through_elf(struct segment_builder *builder, const char *program,
		       uint32_t sites)
{
	uint64_t *pcs;
	uint64_t count = functions_of(program, &pcs);
	uint16_t module = segment_builder_module(builder, program, HR_MODULE_MAIN);

	if (count == 0)
		return -1;
	segment_builder_real_module(builder, module);
	snprintf(builder->header.exe, sizeof(builder->header.exe), "%s", program);
	fprintf(stderr, "%s: %llu functions\n", program, (unsigned long long)count);
	add_stacks(builder, sites, module, pcs, count);
	free(pcs);
	return 0;
}

static void sample(struct segment_builder *builder)
{
	builder->header.mode = HR_MODE_SAMPLED;
	builder->header.rate = 524288;
	for (uint32_t i = 0; i < builder->sites_count; i++)
		builder->sites[i].rate = 524288;
	for (uint32_t i = 0; i < builder->counters_count; i++) {
		struct heapring_counter *counter = &builder->counters[i].counter;

		counter->allocs *= HR_OBJECT_UNIT;
		counter->frees *= HR_OBJECT_UNIT;
		counter->sampled.alloc_bytes_var = 100;
	}
}

/* The peak was when thread 1 held its 5 blocks and site 1 all of its 10. */
static void note_peak(struct segment_builder *builder)
{
	builder->header.peak_id = 7;
	builder->header.peak_error = 100;
	for (uint32_t i = 0; i < builder->counters_count; i++) {
		struct heapring_counter *counter = &builder->counters[i].counter;

		if (counter->allocs == 5 && counter->frees == 5) {
			counter->peak_id = 7;
			counter->peak_objects = 5;
			counter->peak_bytes = 5000;
		} else if (counter->frees == 4) {
			counter->peak_id = 7; /* it had freed none yet */
		} else {
			counter->peak_id = 6; /* untouched since: the counts hold */
			counter->peak_bytes = 12345;
		}
	}
}

/* A regression: another build, in which the first site allocated twice as much. */
static void grow_first(struct segment_builder *builder)
{
	for (uint32_t i = 0; i < builder->counters_count; i++) {
		struct heapring_counter *counter = &builder->counters[i].counter;

		if (counter->allocs == 10) {
			counter->allocs = 20;
			counter->alloc_bytes = 2000;
		}
	}
	strcpy(builder->modules[0].path, "/usr/bin/example");
	strcpy(builder->header.exe, "/usr/bin/example-2");
}

int main(int argc, char **argv)
{
	struct segment_builder *builder;
	int r = 0;

	if (argc < 3)
		return 2;
	if (strcmp(argv[1], "large") == 0 || strcmp(argv[1], "elf") == 0 ||
	    strcmp(argv[1], "empty") == 0)
		builder = segment_builder_new();
	else
		builder = segment_builder_example();
	if (strcmp(argv[1], "sampled") == 0)
		sample(builder);
	else if (strcmp(argv[1], "peak") == 0)
		note_peak(builder);
	else if (strcmp(argv[1], "grown") == 0)
		grow_first(builder);
	else if (strcmp(argv[1], "large") == 0 && argc == 4)
		large(builder, (uint32_t)strtoul(argv[3], NULL, 10));
	else if (strcmp(argv[1], "elf") == 0 && argc >= 4)
		r = through_elf(builder, argv[3],
				argc > 4 ? (uint32_t)strtoul(argv[4], NULL, 10) : 60000);
	if (r == 0)
		r = segment_builder_write(builder, argv[2]);
	segment_builder_free(builder);
	return r ? 1 : 0;
}
