/*
 * segment_builder - synthetic segments and dumps for tests
 *
 * Records are gathered in plain arrays; segment_builder_bytes() lays them out.
 * Counters are sorted into the pages that (slot, site) asks for.
 */
#include "tests/segment_builder.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <elfutils/libdwelf.h>

/* Room for 1, 3, 7, 15, ... records. */
static void *room_for_one(void *array, uint32_t count, size_t bytes)
{
	if ((count & (count + 1)) == 0)
		array = realloc(array, ((size_t)count * 2 + 1) * bytes);
	if (!array)
		abort();
	memset((char *)array + count * bytes, 0, bytes);
	return array;
}

struct segment_builder *segment_builder_new(void)
{
	struct segment_builder *builder = calloc(1, sizeof(*builder));
	struct heapring_header *header = &builder->header;

	header->magic = HEAPRING_MAGIC;
	header->version = HEAPRING_VERSION;
	header->header_bytes = sizeof(*header);
	header->page_bytes = HR_PAGE;
	header->pid = 4000000; /* above the default pid_max */
	header->kind = 1;
	header->state = HR_STATE_EXITED;
	header->rate = 1;
	header->start_unix_ns = 1700000000000000000ull;
	header->end_unix_ns = header->start_unix_ns + 5000000000ull;
	strcpy(header->exe, "/usr/bin/example");
	memcpy(header->command, "example\0-v", 11);
	header->command_len = 11;
	return builder;
}

void segment_builder_free(struct segment_builder *builder)
{
	free(builder->modules);
	free(builder->threads);
	free(builder->nodes);
	free(builder->sites);
	free(builder->counters);
	free(builder);
}

uint16_t segment_builder_module(struct segment_builder *builder, const char *path,
				uint16_t flags)
{
	struct heapring_module *module;

	builder->modules = room_for_one(builder->modules, builder->modules_count,
					sizeof(*builder->modules));
	module = &builder->modules[builder->modules_count++];
	module->ready = 1;
	module->flags = flags;
	snprintf(module->path, sizeof(module->path), "%s", path);
	return (uint16_t)builder->modules_count;
}

void segment_builder_real_module(struct segment_builder *builder, uint16_t module)
{
	struct heapring_module *to = &builder->modules[module - 1];
	int fd = open(to->path, O_RDONLY | O_CLOEXEC);
	const void *id;
	ssize_t length;
	Elf *elf;

	elf_version(EV_CURRENT);
	elf = elf_begin(fd, ELF_C_READ, NULL);
	length = elf ? dwelf_elf_gnu_build_id(elf, &id) : 0;
	if (length > 0 && length <= (ssize_t)sizeof(to->build_id)) {
		memcpy(to->build_id, id, (size_t)length);
		to->build_id_len = (uint8_t)length;
	}
	elf_end(elf);
	close(fd);
}

uint32_t segment_builder_thread(struct segment_builder *builder, const char *name)
{
	struct heapring_thread *thread;

	builder->threads = room_for_one(builder->threads, builder->threads_count,
					sizeof(*builder->threads));
	thread = &builder->threads[builder->threads_count];
	thread->used = 1;
	thread->owners = 1;
	snprintf(thread->name, sizeof(thread->name), "%s", name);
	return builder->threads_count++;
}

uint32_t segment_builder_node(struct segment_builder *builder, uint32_t parent,
			      uint64_t pc, uint16_t module)
{
	struct heapring_node *node;
	uint16_t depth = 1;

	if (parent >= HR_NODE_FIRST)
		depth = (uint16_t)(builder->nodes[parent - HR_NODE_FIRST].depth + 1);
	builder->nodes = room_for_one(builder->nodes, builder->nodes_count,
				      sizeof(*builder->nodes));
	node = &builder->nodes[builder->nodes_count];
	*node = (struct heapring_node){
		.pc = pc, .parent = parent, .module = module, .depth = depth, .ready = 1
	};
	return HR_NODE_FIRST + builder->nodes_count++;
}

uint32_t segment_builder_site(struct segment_builder *builder, uint32_t node,
			      uint64_t rate)
{
	builder->sites = room_for_one(builder->sites, builder->sites_count,
				      sizeof(*builder->sites));
	builder->sites[builder->sites_count] =
		(struct heapring_site){ .node = node, .rate = rate, .ready = 1 };
	return HR_SITE_FIRST + builder->sites_count++;
}

void segment_builder_count(struct segment_builder *builder, uint32_t slot, uint32_t site,
			   struct heapring_counter counter)
{
	builder->counters = room_for_one(builder->counters, builder->counters_count,
					 sizeof(*builder->counters));
	builder->counters[builder->counters_count++] =
		(struct segment_builder_counter){ slot, site, counter };
}

struct layout {
	unsigned char *bytes;
	struct heapring_page *map;
	uint32_t pages;
	uint32_t room;
};

static void *add_page(struct layout *layout, uint16_t type, uint16_t owner,
		      uint32_t index)
{
	if (layout->pages == layout->room)
		abort();
	layout->map[layout->pages] = (struct heapring_page){ type, owner, index };
	return layout->bytes + (size_t)layout->pages++ * HR_PAGE;
}

static void add_table(struct layout *layout, uint16_t type, const void *records,
		      uint32_t first, uint32_t count, uint32_t per_page)
{
	uint32_t bytes = HR_PAGE / per_page;
	unsigned char *page = NULL;

	for (uint32_t i = 0; i < first + count; i++) {
		if (i % per_page == 0)
			page = add_page(layout, type, 0, i / per_page);
		if (i >= first)
			memcpy(page + (size_t)(i % per_page) * bytes,
			       (const char *)records + (size_t)(i - first) * bytes,
			       bytes);
	}
}

static int by_slot_then_site(const void *a, const void *b)
{
	const struct segment_builder_counter *x = a, *y = b;

	if (x->slot != y->slot)
		return x->slot < y->slot ? -1 : 1;
	return (x->site > y->site) - (x->site < y->site);
}

static uint32_t counter_pages(const struct segment_builder *builder)
{
	uint32_t pages = 0, slot = UINT32_MAX, index = UINT32_MAX;

	if (builder->counters_count > 0)
		qsort(builder->counters, builder->counters_count,
		      sizeof(*builder->counters), by_slot_then_site);
	for (uint32_t i = 0; i < builder->counters_count; i++) {
		const struct segment_builder_counter *counter = &builder->counters[i];

		if (counter->slot != slot ||
		    counter->site / HR_COUNTERS_PER_PAGE != index)
			pages++;
		slot = counter->slot;
		index = counter->site / HR_COUNTERS_PER_PAGE;
	}
	return pages;
}

static void add_counters(struct layout *layout, const struct segment_builder *builder)
{
	uint32_t slot = UINT32_MAX, index = UINT32_MAX;
	struct heapring_counter *page = NULL;

	for (uint32_t i = 0; i < builder->counters_count; i++) {
		const struct segment_builder_counter *counter = &builder->counters[i];

		if (counter->slot != slot ||
		    counter->site / HR_COUNTERS_PER_PAGE != index) {
			slot = counter->slot;
			index = counter->site / HR_COUNTERS_PER_PAGE;
			page = add_page(layout, HR_PAGE_COUNTERS, (uint16_t)slot, index);
		}
		page[counter->site % HR_COUNTERS_PER_PAGE] = counter->counter;
	}
}

static uint32_t pages_for(uint32_t records, uint32_t per_page)
{
	return (records + per_page - 1) / per_page;
}

unsigned char *segment_builder_bytes(const struct segment_builder *builder,
				     uint64_t *ret_bytes)
{
	struct layout layout = { 0 };
	struct heapring_header header = builder->header;
	uint32_t content =
		pages_for(builder->modules_count, HR_MODULES_PER_PAGE) +
		pages_for(builder->threads_count, HR_THREADS_PER_PAGE) +
		pages_for(builder->nodes_count + HR_NODE_FIRST, HR_NODES_PER_PAGE) +
		pages_for(builder->sites_count + HR_SITE_FIRST, HR_SITES_PER_PAGE) +
		counter_pages(builder);

	header.map_pages = 1 + content / 500;
	layout.room = 1 + header.map_pages + content;
	header.pages_max = header.pages_used = layout.room;
	header.nodes_used = builder->nodes_count + HR_NODE_FIRST;
	header.sites_used = builder->sites_count + HR_SITE_FIRST;
	header.modules_used = builder->modules_count;
	header.threads_used = builder->threads_count;
	layout.bytes = calloc(layout.room, HR_PAGE);
	layout.map = (struct heapring_page *)(layout.bytes + HR_PAGE);
	add_page(&layout, HR_PAGE_HEADER, 0, 0);
	for (uint32_t i = 0; i < header.map_pages; i++)
		add_page(&layout, HR_PAGE_MAP, 0, i);
	add_table(&layout, HR_PAGE_MODULES, builder->modules, 0, builder->modules_count,
		  HR_MODULES_PER_PAGE);
	add_table(&layout, HR_PAGE_THREADS, builder->threads, 0, builder->threads_count,
		  HR_THREADS_PER_PAGE);
	add_table(&layout, HR_PAGE_NODES, builder->nodes, HR_NODE_FIRST,
		  builder->nodes_count, HR_NODES_PER_PAGE);
	add_table(&layout, HR_PAGE_SITES, builder->sites, HR_SITE_FIRST,
		  builder->sites_count, HR_SITES_PER_PAGE);
	add_counters(&layout, builder);
	memcpy(layout.bytes, &header, sizeof(header));
	*ret_bytes = (uint64_t)layout.room * HR_PAGE;
	return layout.bytes;
}

int segment_builder_write(const struct segment_builder *builder, const char *path)
{
	uint64_t bytes;
	unsigned char *data = segment_builder_bytes(builder, &bytes);
	FILE *to = fopen(path, "wbe");
	bool good = to && fwrite(data, 1, bytes, to) == bytes;

	if (to && fclose(to) != 0)
		good = false;
	free(data);
	return good ? 0 : -1;
}

struct segment_builder *segment_builder_example(void)
{
	struct segment_builder *builder = segment_builder_new();
	uint16_t program =
		segment_builder_module(builder, "/usr/bin/example", HR_MODULE_MAIN);
	uint16_t shim =
		segment_builder_module(builder, "/opt/libheapring.so", HR_MODULE_SHIM);
	uint32_t first = segment_builder_thread(builder, "example");
	uint32_t second = segment_builder_thread(builder, "worker");
	uint32_t top = segment_builder_node(builder, HR_NODE_ROOT, 0x1001, program);
	uint32_t parse = segment_builder_node(builder, top, 0x2001, program);
	uint32_t read = segment_builder_node(builder, top, 0x3001, program);
	uint32_t inside = segment_builder_node(builder, read, 0x9001, shim);
	uint32_t cut = segment_builder_node(builder, HR_END_DEPTH, 0x4001, program);
	uint32_t sites[] = { segment_builder_site(builder, parse, 1),
			     segment_builder_site(builder, inside, 1),
			     segment_builder_site(builder, cut, 1) };

	segment_builder_count(
		builder, first, sites[0],
		(struct heapring_counter){ .allocs = 10, .alloc_bytes = 1000 });
	segment_builder_count(builder, second, sites[0],
			      (struct heapring_counter){ .frees = 4, .free_bytes = 400 });
	segment_builder_count(builder, second, sites[1],
			      (struct heapring_counter){ .allocs = 5,
							 .alloc_bytes = 5000,
							 .frees = 5,
							 .free_bytes = 5000 });
	segment_builder_count(
		builder, first, sites[2],
		(struct heapring_counter){ .allocs = 5, .alloc_bytes = 50 });
	builder->header.peak_bytes = 5600;
	return builder;
}
