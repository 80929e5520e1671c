/*
 * pprof_read - a pprof profile as a profile with its symbols
 *
 * Locations become addresses and stacks of them nodes of a tree, so that all that
 * comes after (filters, views, exports) meets what a segment would have given.
 * Every index of the file is looked up and checked; nothing is trusted.
 */
#include "analyzer/pprof/pprof_read.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <uthash.h>
#include <zlib.h>

#include "analyzer/pprof/pprof_ids.h"
#include "analyzer/pprof/pprof_note.h"
#include "analyzer/symbols/symbols_given.h"
#include "pprof.pb-c.h"

#define BYTES_MAX (1u << 30) /* uncompressed */

struct child {
	UT_hash_handle hh;
	struct {
		uint32_t parent, address;
	} key;
	uint32_t node;
};

struct reading {
	const char *path;
	struct fault *fault;
	Pprof__Profile *file;
	struct profile *profile;
	struct segment *segment;
	struct symbols *symbols;
	struct pprof_ids locations, functions, mappings;
	struct child *children;
	size_t nodes_room;
	int type[PROFILE_SAMPLES]; /* which value, -1 none */
};

bool pprof_read_detect(const char *path)
{
	unsigned char magic[2] = { 0 };
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	bool found;

	if (fd < 0)
		return false;
	found = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && read(fd, magic, 2) == 2 &&
		magic[0] == 0x1f && magic[1] == 0x8b;
	close(fd);
	return found;
}

static int damaged(struct reading *reading, const char *what)
{
	return fault_set(reading->fault, FAULT_INPUT, -EINVAL,
			 "%s is no pprof profile of a heap: %s", reading->path, what);
}

static int out_of_memory(struct reading *reading)
{
	return fault_set(reading->fault, FAULT_INPUT, -ENOMEM, "out of memory for %s",
			 reading->path);
}

static uint8_t *read_whole(gzFile from, size_t *ret_length)
{
	size_t length = 0, room = 1 << 20;
	uint8_t *bytes = malloc(room);
	int got = 1;

	while (bytes && got > 0 && length < BYTES_MAX) {
		if (length == room) {
			uint8_t *grown = realloc(bytes, room *= 2);

			if (!grown)
				break;
			bytes = grown;
		}
		got = gzread(from, bytes + length, (unsigned)(room - length));
		length += got > 0 ? (size_t)got : 0;
	}
	if (got == 0)
		*ret_length = length;
	else
		free(bytes);
	return got == 0 ? bytes : NULL;
}

static int unpack(struct reading *reading)
{
	gzFile from = gzopen(reading->path, "rbe");
	const uint64_t magic = HEAPRING_MAGIC;
	size_t length = 0;
	uint8_t *bytes;
	bool is_dump;

	if (!from)
		return fault_set(reading->fault, FAULT_INPUT, -errno,
				 "cannot open %s: %s", reading->path, strerror(errno));
	bytes = read_whole(from, &length);
	gzclose(from);
	if (!bytes)
		return damaged(reading, "it does not uncompress");
	is_dump = length > sizeof(magic) && memcmp(bytes, &magic, sizeof(magic)) == 0;
	reading->file = is_dump ? NULL : pprof__profile__unpack(NULL, length, bytes);
	free(bytes);
	if (is_dump)
		return damaged(reading, "it is a compressed dump; gunzip it first");
	return reading->file ? 0 : damaged(reading, "its fields make no sense");
}

static const char *text(const struct reading *reading, int64_t number)
{
	const Pprof__Profile *file = reading->file;

	return number > 0 && (uint64_t)number < file->n_string_table
		       ? file->string_table[number]
		       : "";
}

static int find_types(struct reading *reading)
{
	const Pprof__Profile *file = reading->file;
	bool any = false;

	for (int s = 0; s < PROFILE_SAMPLES; s++)
		reading->type[s] = -1;
	for (size_t i = 0; i < file->n_sample_type && i < INT32_MAX; i++) {
		const char *name = text(reading, file->sample_type[i]->type);
		enum profile_sample sample = PROFILE_SAMPLES;

		if (strcmp(name, "space") == 0)
			sample = PROFILE_INUSE_SPACE;
		else if (strcmp(name, "objects") == 0)
			sample = PROFILE_INUSE_OBJECTS;
		else if (!profile_sample_parse(name, &sample))
			continue;
		reading->type[sample] = (int)i;
		any = true;
	}
	return any ? 0 : damaged(reading, "it has none of the four sample types");
}

static int index_ids(struct reading *reading)
{
	const Pprof__Profile *file = reading->file;

	if (file->n_location > UINT32_MAX / 4 || file->n_mapping > UINT16_MAX - 1)
		return damaged(reading, "it has too many locations or mappings");
	if (pprof_ids_init(&reading->locations, file->n_location) < 0 ||
	    pprof_ids_init(&reading->functions, file->n_function) < 0 ||
	    pprof_ids_init(&reading->mappings, file->n_mapping) < 0)
		return out_of_memory(reading);
	for (size_t i = 0; i < file->n_location; i++)
		pprof_ids_add(&reading->locations, file->location[i]->id, (uint32_t)i);
	for (size_t i = 0; i < file->n_function; i++)
		pprof_ids_add(&reading->functions, file->function[i]->id, (uint32_t)i);
	for (size_t i = 0; i < file->n_mapping; i++)
		pprof_ids_add(&reading->mappings, file->mapping[i]->id, (uint32_t)i);
	return 0;
}

static void fill_build_id(struct heapring_module *module, const char *hex)
{
	while (module->build_id_len < sizeof(module->build_id) &&
	       sscanf(hex, "%2hhx", &module->build_id[module->build_id_len]) == 1 &&
	       hex[1]) {
		module->build_id_len++;
		hex += 2;
	}
}

static int read_modules(struct reading *reading)
{
	struct segment *segment = reading->segment;
	const Pprof__Profile *file = reading->file;

	segment->modules = calloc(file->n_mapping + 1, sizeof(*segment->modules));
	if (!segment->modules)
		return out_of_memory(reading);
	segment->modules_count = (uint32_t)file->n_mapping;
	for (uint32_t i = 0; i < segment->modules_count; i++) {
		const Pprof__Mapping *from = file->mapping[i];
		struct heapring_module *module = &segment->modules[i];

		module->ready = 1;
		module->flags = i == 0 ? HR_MODULE_MAIN : 0;
		module->start = from->memory_start;
		module->end = from->memory_limit;
		fill_build_id(module, text(reading, from->build_id));
		snprintf(module->path, sizeof(module->path), "%s",
			 text(reading, from->filename));
	}
	return 0;
}

static struct symbol blank_symbol(const struct reading *reading, uint32_t mapping)
{
	const struct heapring_module *module =
		mapping == PPROF_ID_NONE ? NULL : &reading->segment->modules[mapping];
	const char *path = module ? module->path : "", *base = strrchr(path, '/');

	return (struct symbol){ .module = base ? base + 1 : path,
				.path = path,
				.flags = module ? module->flags : 0 };
}

static int add_line(struct reading *reading, const Pprof__Line *line, bool inlined,
		    struct symbol symbol)
{
	uint32_t number = pprof_ids_find(&reading->functions, line->function_id);
	const Pprof__Function *function =
		number == PPROF_ID_NONE ? NULL : reading->file->function[number];
	const char *file = function ? text(reading, function->filename) : "";

	symbol.function = function ? text(reading, function->name) : "[unknown]";
	symbol.file = *file ? file : NULL;
	symbol.line = line->line > 0 ? (uint32_t)line->line : 0;
	symbol.start_line =
		function && function->start_line > 0 ? (uint32_t)function->start_line : 0;
	symbol.inlined = inlined;
	return symbols_given_add(reading->symbols, &symbol);
}

static int read_symbols(struct reading *reading)
{
	const Pprof__Profile *file = reading->file;
	int r = 0;

	for (uint32_t i = 0; r == 0 && i < file->n_location; i++) {
		const Pprof__Location *from = file->location[i];
		struct symbol symbol = blank_symbol(
			reading, pprof_ids_find(&reading->mappings, from->mapping_id));
		char name[64];

		symbols_given_begin(reading->symbols, i);
		for (size_t l = 0; r == 0 && l < from->n_line; l++)
			r = add_line(reading, from->line[l], l + 1 < from->n_line,
				     symbol);
		snprintf(name, sizeof(name), "0x%" PRIx64, from->address);
		symbol.function = name;
		if (r == 0 && from->n_line == 0)
			r = symbols_given_add(reading->symbols, &symbol);
	}
	return r < 0 ? out_of_memory(reading) : 0;
}

static int add_node(struct reading *reading, uint32_t parent, uint32_t address,
		    uint32_t *ret_node)
{
	const Pprof__Location *location = reading->file->location[address];
	struct segment *segment = reading->segment;
	struct child *child = calloc(1, sizeof(*child)), *found;
	uint32_t mapping;

	if (!child)
		return -ENOMEM;
	child->key.parent = parent;
	child->key.address = address;
	HASH_FIND(hh, reading->children, &child->key, sizeof(child->key), found);
	if (found) {
		free(child);
		*ret_node = found->node;
		return 0;
	}
	child->node = segment->nodes_count++;
	HASH_ADD(hh, reading->children, key, sizeof(child->key), child);
	mapping = pprof_ids_find(&reading->mappings, location->mapping_id);
	segment->nodes[child->node] = (struct segment_node){
		.pc = location->address + 1,
		.parent = parent,
		.module = (uint16_t)(mapping == PPROF_ID_NONE ? 0 : mapping + 1),
		.depth = 1,
	};
	symbols_given_node(reading->symbols, child->node, address);
	*ret_node = child->node;
	return 0;
}

/* Threads of one name are one, as in a segment. Returns its number, 0 for none. */
static uint32_t thread_of(struct reading *reading, const Pprof__Sample *sample)
{
	struct segment *segment = reading->segment;
	const char *name = "";
	uint32_t i;

	for (size_t l = 0; l < sample->n_label; l++)
		if (strcmp(text(reading, sample->label[l]->key), "thread") == 0)
			name = text(reading, sample->label[l]->str);
	if (!*name)
		return 0;
	for (i = 0; i < segment->threads_count; i++)
		if (strncmp(segment->threads[i].name, name,
			    sizeof(segment->threads[i].name) - 1) == 0)
			return i + 1;
	if (i == HR_THREADS_MAX)
		return 0;
	segment->threads[i].used = 1;
	snprintf(segment->threads[i].name, sizeof(segment->threads[i].name), "%s", name);
	return ++segment->threads_count;
}

static int read_sample(struct reading *reading, const Pprof__Sample *sample,
		       struct profile_stack *stack)
{
	uint32_t node = HR_NODE_ROOT;
	int r = 0;

	for (size_t i = sample->n_location_id; r == 0 && i-- > 0;) {
		uint32_t address =
			pprof_ids_find(&reading->locations, sample->location_id[i]);

		if (address == PPROF_ID_NONE)
			return damaged(reading,
				       "a sample names a location that is not there");
		r = add_node(reading, node, address, &node);
	}
	if (r < 0)
		return out_of_memory(reading);
	stack->node = node;
	if (reading->profile->wants.by_thread)
		stack->thread = thread_of(reading, sample);
	for (int s = 0; s < PROFILE_SAMPLES; s++) {
		int at = reading->type[s];

		if (at >= 0 && (size_t)at < sample->n_value && sample->value[at] > 0)
			stack->value[s] = (uint64_t)sample->value[at];
	}
	return 0;
}

static int make_room(struct reading *reading)
{
	const Pprof__Profile *file = reading->file;
	struct segment *segment = reading->segment;
	size_t frames = 0;

	for (size_t i = 0; i < file->n_sample; i++)
		frames += file->sample[i]->n_location_id;
	if (frames > UINT32_MAX / 2)
		return damaged(reading, "it has too many frames");
	reading->nodes_room = frames + HR_NODE_FIRST;
	segment->nodes = calloc(reading->nodes_room + 1, sizeof(*segment->nodes));
	segment->nodes_count = HR_NODE_FIRST;
	segment->threads = calloc(HR_THREADS_MAX, sizeof(*segment->threads));
	reading->profile->stacks =
		calloc(file->n_sample + 1, sizeof(*reading->profile->stacks));
	reading->symbols = symbols_given_new((uint32_t)file->n_location,
					     (uint32_t)reading->nodes_room, /*starts=*/0);
	return segment->nodes && segment->threads && reading->profile->stacks &&
			       reading->symbols
		       ? 0
		       : out_of_memory(reading);
}

static int by_node(const void *a, const void *b)
{
	const struct profile_stack *x = a, *y = b;

	if (x->node != y->node)
		return x->node < y->node ? -1 : 1;
	return (x->thread > y->thread) - (x->thread < y->thread);
}

/* Samples that differ only in labels nobody asked for are one stack. */
static void merge_stacks(struct profile *profile)
{
	struct profile_stack *stacks = profile->stacks;
	size_t kept = 0;

	qsort(stacks, profile->stacks_count, sizeof(*stacks), by_node);
	for (size_t i = 1; i < profile->stacks_count; i++) {
		if (by_node(&stacks[i], &stacks[kept]) != 0)
			stacks[++kept] = stacks[i];
		else
			for (int s = 0; s < PROFILE_SAMPLES; s++)
				stacks[kept].value[s] += stacks[i].value[s];
	}
	if (profile->stacks_count > 0)
		profile->stacks_count = kept + 1;
}

static int read_samples(struct reading *reading)
{
	struct profile *profile = reading->profile;
	const Pprof__Profile *file = reading->file;
	int r = make_room(reading);

	for (size_t i = 0; r == 0 && i < file->n_sample; i++)
		r = read_sample(reading, file->sample[i],
				&profile->stacks[profile->stacks_count++]);
	if (r == 0)
		merge_stacks(profile);
	return r;
}

static int finish(struct reading *reading)
{
	const Pprof__Profile *file = reading->file;
	struct profile *profile = reading->profile;
	struct heapring_header *header = &reading->segment->header;

	if (profile_add_up(profile, reading->path, reading->fault) < 0)
		return -EINVAL;
	header->rate = 1;
	header->kind = 1;
	header->end_unix_ns = file->time_nanos > 0 ? (uint64_t)file->time_nanos : 0;
	profile->life = SEGMENT_EXITED;
	if (reading->segment->modules_count > 0)
		snprintf(header->exe, sizeof(header->exe), "%s",
			 reading->segment->modules[0].path);
	for (size_t i = 0; i < file->n_string_table; i++)
		if (pprof_note_read(file->string_table[i], profile))
			break;
	return 0;
}

static int read_all(struct reading *reading)
{
	int r = unpack(reading);

	if (r == 0)
		r = find_types(reading);
	if (r == 0)
		r = index_ids(reading);
	if (r == 0)
		r = read_modules(reading);
	if (r == 0)
		r = read_samples(reading);
	if (r == 0)
		r = read_symbols(reading);
	if (r == 0)
		r = finish(reading);
	return r;
}

static void done(struct reading *reading)
{
	struct child *child, *next;

	HASH_ITER(hh, reading->children, child, next)
	{
		HASH_DEL(reading->children, child);
		free(child);
	}
	pprof_ids_done(&reading->locations);
	pprof_ids_done(&reading->functions);
	pprof_ids_done(&reading->mappings);
	if (reading->file)
		pprof__profile__free_unpacked(reading->file, NULL);
}

int pprof_read(const char *path, const struct profile_wants *wants,
	       struct profile **ret_profile, struct symbols **ret_symbols,
	       struct fault *fault)
{
	struct reading reading = { .path = path, .fault = fault };
	int r;

	if (wants->at_peak || wants->mappings ||
	    (!wants->if_there && (wants->details || wants->history)))
		return fault_set(fault, FAULT_USAGE, -EINVAL,
				 "%s is a pprof profile: it knows no peak, history, "
				 "lifetimes, sizes, slack, foreign frees or mappings",
				 path);
	reading.profile = calloc(1, sizeof(*reading.profile));
	reading.segment = calloc(1, sizeof(*reading.segment));
	if (reading.profile) {
		reading.profile->segment = reading.segment;
		reading.profile->wants = *wants;
		reading.profile->wants.details = reading.profile->wants.history = false;
	}
	r = reading.profile && reading.segment ? read_all(&reading)
					       : out_of_memory(&reading);
	done(&reading);
	if (r < 0) {
		symbols_free(reading.symbols);
		profile_free(reading.profile);
		return r;
	}
	*ret_profile = reading.profile;
	*ret_symbols = reading.symbols;
	return 0;
}
