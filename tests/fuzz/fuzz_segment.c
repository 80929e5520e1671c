/*
 * fuzz_segment - segments that nobody wrote on purpose (libFuzzer, clang)
 *
 * A segment is pages that refer to each other; a mutated image of one is refused by
 * its first check nearly always. So the input is no image but a list of steps that
 * build one: modules, threads, nodes, sites, counters through segment_builder.c, and
 * then the damage: fields of any place overwritten, pages described as something
 * else, the file cut. Small inputs make deep segments, and a corpus of them is small.
 *
 * Input: FUZZ_CHOICE_BYTES for the command, one byte for what to start from, steps.
 * A step is one byte that names it and operands, little-endian; operands past the
 * end of the input are 0.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/fuzz/fuzz_commands.h"
#include "tests/segment_builder.h"

#define DAMAGE_MAX 512u
#define NODES_MAX 70000u /* a chain of them is longer than a reader accepts */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum step {
	STEP_MODULE,
	STEP_THREAD,
	STEP_NODE,
	STEP_CHAIN,
	STEP_SITE,
	STEP_COUNT,
	STEP_COUNT_WIDE, /* counters with 64-bit figures */
	STEP_WRITE,      /* these are damage, applied when the image stands */
	STEP_DESCRIBE,
	STEP_COPY,
	STEP_CUT,
	STEP_HEADER,
	STEP_COUNT_OF,
};

struct input {
	const uint8_t *at;
	size_t left;
};

struct damage {
	enum step step;
	uint64_t a, b, value;
};

struct damages {
	struct damage list[DAMAGE_MAX];
	unsigned count;
};

static uint64_t take(struct input *input, unsigned bytes)
{
	uint64_t value = 0;

	for (unsigned i = 0; i < bytes && input->left > 0; i++, input->left--)
		value |= (uint64_t)*input->at++ << (8 * i);
	return value;
}

/* Names that mean something to symbols.c, and names that should mean nothing. */
static void add_module(struct segment_builder *builder, struct input *input)
{
	static const char *const paths[] = {
		"/lib64/ld-linux-x86-64.so.2",
		"/usr/bin/example",
		"[vdso]",
		"",
		"/dev/zero",
		"/",
		"relative/path",
		"/proc/self/mem",
		"/tmp/\033[31m\nname\377",
		"//anon (deleted)",
		"/usr/bin/true",
	};
	uint64_t choice = take(input, 1);
	uint16_t module = segment_builder_module(
		builder, paths[choice % (sizeof(paths) / sizeof(paths[0]))],
		(uint16_t)take(input, 1));
	struct heapring_module *record = &builder->modules[module - 1];

	record->start = take(input, 3) << 12;
	record->end = record->start + (take(input, 2) << 12);
	record->bias = record->start;
	record->gen_first = (uint32_t)take(input, 1);
	record->gen_last = (uint32_t)take(input, 1);
	if (choice & 128)
		segment_builder_real_module(builder, module);
}

static void add_thread(struct segment_builder *builder, struct input *input)
{
	char name[16] = { 0 };

	for (unsigned i = 0; i < 4; i++)
		name[i] = (char)take(input, 1);
	segment_builder_thread(builder, name);
	builder->threads[builder->threads_count - 1].missed_frees = take(input, 1);
}

/* Mostly short, because a long one costs as much as a thousand other steps. */
static uint32_t take_length(struct input *input)
{
	uint32_t length = (uint32_t)take(input, 1);

	return length < 240 ? length : (length - 239) * (length - 239) * 260;
}

/* Below HR_NODE_FIRST a reason, else a node that is there. */
static uint32_t pick_node(const struct segment_builder *builder, uint64_t choice)
{
	if (choice < HR_NODE_FIRST || builder->nodes_count == 0)
		return (uint32_t)(choice % HR_NODE_FIRST);
	return HR_NODE_FIRST +
	       (uint32_t)((choice - HR_NODE_FIRST) % builder->nodes_count);
}

static void add_nodes(struct segment_builder *builder, struct input *input,
		      uint32_t length)
{
	uint32_t parent = pick_node(builder, take(input, 2));
	uint64_t pc = take(input, 3);
	uint16_t module = (uint16_t)take(input, 1);

	if (module > builder->modules_count)
		module = 0;
	for (uint32_t i = 0; i < length && builder->nodes_count < NODES_MAX; i++)
		parent = segment_builder_node(builder, parent, pc + i % 7 * 16, module);
}

static void add_counter(struct segment_builder *builder, struct input *input,
			unsigned width)
{
	uint32_t slot = (uint32_t)take(input, 1);
	uint32_t site = (uint32_t)take(input, 2);
	struct heapring_counter counter = { 0 };
	uint64_t *fields[] = { &counter.allocs, &counter.alloc_bytes, &counter.frees,
			       &counter.free_bytes };

	for (unsigned i = 0; i < 4; i++)
		*fields[i] = take(input, width);
	counter.peak_bytes = (int64_t)take(input, width);
	counter.peak_id = (uint32_t)take(input, 1);
	counter.samples = (uint32_t)take(input, 1);
	counter.lifetime[take(input, 1) % HR_LIFETIMES] = (uint32_t)take(input, 2);
	counter.sampled.alloc_bytes_var = (double)take(input, 2);
	segment_builder_count(builder, slot, site, counter);
}

static bool build_step(struct segment_builder *builder, enum step step,
		       struct input *input)
{
	switch (step) {
	case STEP_MODULE:
		add_module(builder, input);
		return true;
	case STEP_THREAD:
		add_thread(builder, input);
		return true;
	case STEP_NODE:
		add_nodes(builder, input, 1);
		return true;
	case STEP_CHAIN:
		add_nodes(builder, input, take_length(input));
		return true;
	case STEP_SITE: {
		uint32_t node = pick_node(builder, take(input, 2));

		segment_builder_site(builder, node, take(input, 3));
		return true;
	}
	case STEP_COUNT:
		add_counter(builder, input, 2);
		return true;
	case STEP_COUNT_WIDE:
		add_counter(builder, input, 8);
		return true;
	default:
		return false;
	}
}

static void note_damage(struct damages *damages, enum step step, struct input *input)
{
	struct damage damage = { .step = step, .a = take(input, 3), .b = take(input, 1) };

	damage.value = take(input, step == STEP_CUT ? 0 : 8);
	if (damages->count < DAMAGE_MAX)
		damages->list[damages->count++] = damage;
}

static void write_value(unsigned char *bytes, uint64_t count, uint64_t at,
			const struct damage *damage)
{
	uint64_t width = 1ull << damage->b % 4;

	at -= at % width;
	if (at + width <= count)
		memcpy(bytes + at, &damage->value, width);
}

static void do_damage(unsigned char *bytes, uint64_t *count, const struct damage *damage)
{
	uint64_t pages = *count / HR_PAGE;
	struct heapring_page page = { (uint16_t)damage->value,
				      (uint16_t)(damage->value >> 16),
				      (uint32_t)(damage->value >> 32) };

	if (pages < 3)
		return;
	switch (damage->step) {
	case STEP_WRITE:
		write_value(bytes, *count, damage->a % *count, damage);
		break;
	case STEP_HEADER:
		write_value(bytes, *count, damage->a % sizeof(struct heapring_header),
			    damage);
		break;
	case STEP_DESCRIBE:
		memcpy(bytes + HR_PAGE + damage->a % pages * sizeof(page), &page,
		       sizeof(page));
		break;
	case STEP_COPY:
		memmove(bytes + damage->a % pages * HR_PAGE,
			bytes + damage->value % pages * HR_PAGE, HR_PAGE);
		break;
	default: /* STEP_CUT */
		*count = damage->a % *count;
		break;
	}
}

static struct segment_builder *begin(uint8_t choice)
{
	struct segment_builder *builder =
		choice & 1 ? segment_builder_example() : segment_builder_new();

	builder->header.kind = choice >> 1 & 1;
	builder->header.state = choice & 4 ? HR_STATE_EXITED : HR_STATE_RUNNING;
	if (choice & 8) /* see fuzz_commands.h */
		builder->header.pid = (uint32_t)getpid();
	if (choice & 16) { /* a fork's child with blocks of its parent */
		builder->header.parent_pid = FUZZ_PID - 1;
		builder->header.inherited_site = HR_SITE_FIRST + 1;
	}
	if (choice & 32) {
		builder->header.mode = HR_MODE_SAMPLED;
		builder->header.rate = 512u << 10;
	}
	if (choice & 64)
		builder->header.peak_id = 1;
	return builder;
}

static void write_base(void)
{
	static bool written;
	struct segment_builder *builder;
	unsigned char *bytes;
	uint64_t count;

	if (written)
		return;
	builder = segment_builder_example();
	bytes = segment_builder_bytes(builder, &count);
	fuzz_commands_base(bytes, count);
	free(bytes);
	segment_builder_free(builder);
	written = true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = { data + FUZZ_CHOICE_BYTES, size - FUZZ_CHOICE_BYTES };
	struct damages damages = { .count = 0 };
	struct segment_builder *builder;
	unsigned char *bytes;
	uint64_t count;

	if (size <= FUZZ_CHOICE_BYTES)
		return 0;
	write_base();
	builder = begin((uint8_t)take(&input, 1));
	while (input.left > 0) {
		enum step step = take(&input, 1) % STEP_COUNT_OF;

		if (!build_step(builder, step, &input))
			note_damage(&damages, step, &input);
	}
	bytes = segment_builder_bytes(builder, &count);
	segment_builder_free(builder);
	for (unsigned i = 0; i < damages.count; i++)
		do_damage(bytes, &count, &damages.list[i]);
	fuzz_commands_file(bytes, count);
	free(bytes);
	fuzz_commands_run(data);
	return 0;
}
