/*
 * export_pprof - the profile.proto that `go tool pprof` reads
 *
 * A location is what is shown of one address: its kept inlined frames, innermost
 * first. Frames of the allocator at the inner end are gone, as everywhere, so the
 * same address may be two locations. Addresses are those of the calls, one below
 * the return addresses. A stack that is not complete ends in a location without an
 * address, named after the reason.
 *
 * Labels: `thread` is the name of the allocating thread; `tag` what the program set;
 * `bytes` is the mean size of a stack's blocks, as Go's own heap profiles have it.
 */
#include "analyzer/export/export.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <uthash.h>

#include "analyzer/machine/clock.h"
#include "analyzer/pprof/pprof_note.h"
#include "analyzer/pprof/pprof_pieces.h"
#include "analyzer/profile/report.h"

#define LINES_MAX 256u /* inlined frames of one address */

struct location {
	UT_hash_handle hh;
	struct {
		uint64_t address, frames;
		const void *first; /* its innermost symbol; or its place, for reasons */
	} key;
	uint64_t id;
};

/* What the values of a stack are in the file. */
struct figure {
	enum profile_sample value;
	const char *type, *unit;
};

struct kind {
	const struct figure *figures;
	int count, by_default;
	const char *period_type, *period_unit;
	void (*comment)(const struct profile *profile, char *text, size_t room);
};

struct writing {
	const struct view_target *target;
	const struct kind *kind;
	struct pprof_pieces *pieces;
	struct place_table *functions; /* number + 1 is the id */
	uint32_t functions_written;
	struct location *locations;
	uint64_t *ids; /* of the stack that is being written */
	size_t ids_room;
};

static int64_t text(struct writing *writing, const char *value)
{
	return pprof_pieces_text(writing->pieces, value);
}

static void put_function(struct writing *writing, uint32_t number)
{
	const struct place *place = place_table_get(writing->functions, number);
	Pprof__Profile piece = PPROF__PROFILE__INIT;
	Pprof__Function function = PPROF__FUNCTION__INIT, *one = &function;

	function.id = (uint64_t)number + 1;
	function.name = function.system_name = text(writing, place->function);
	function.filename = text(writing, place->file);
	function.start_line = place->line;
	piece.n_function = 1;
	piece.function = &one;
	pprof_pieces_put(writing->pieces, &piece);
}

/* The line of a frame, its function written before. 0 or -ENOMEM. */
static int fill_line(struct writing *writing, const struct stack_frame *frame,
		     Pprof__Line *line)
{
	const struct symbol *symbol = frame->symbol;
	struct place place = *place_table_get(writing->target->places, frame->place);
	uint32_t number;

	place.module = "";
	if (symbol)
		place = (struct place){ symbol->function, symbol->file, symbol->module,
					symbol->start_line };
	if (place_table_add(writing->functions, &place, /*by_line=*/true,
			    /*is_program=*/false, &number) < 0)
		return -ENOMEM;
	for (; writing->functions_written <= number; writing->functions_written++)
		put_function(writing, writing->functions_written);
	pprof__line__init(line);
	line->function_id = (uint64_t)number + 1;
	line->line = symbol ? symbol->line : 0;
	return 0;
}

static int put_location(struct writing *writing, const struct stack_frame *frames,
			uint32_t count, uint64_t id)
{
	const struct segment *segment = writing->target->profile->segment;
	Pprof__Profile piece = PPROF__PROFILE__INIT;
	Pprof__Location location = PPROF__LOCATION__INIT, *one = &location;
	Pprof__Line lines[LINES_MAX], *pointers[LINES_MAX];

	location.id = id;
	if (frames->symbol) {
		location.address = segment->nodes[frames->node].pc - 1;
		location.mapping_id = segment->nodes[frames->node].module;
	}
	for (uint32_t i = 0; i < count; i++) {
		if (fill_line(writing, &frames[i], &lines[i]) < 0)
			return -ENOMEM;
		pointers[i] = &lines[i];
	}
	location.n_line = count;
	location.line = pointers;
	piece.n_location = 1;
	piece.location = &one;
	pprof_pieces_put(writing->pieces, &piece);
	return 0;
}

/* The frames at the start that are one location: those of the same node. */
static uint32_t run_length(const struct stack_frame *frames, uint32_t count)
{
	uint32_t n = 1;

	while (n < count && n < LINES_MAX && frames->symbol && frames[n].symbol &&
	       frames[n].node == frames->node)
		n++;
	return n;
}

static int find_location(struct writing *writing, const struct stack_frame *frames,
			 uint32_t count, uint64_t *ret_id)
{
	const struct segment *segment = writing->target->profile->segment;
	struct location *found, *made = calloc(1, sizeof(*made));

	if (!made)
		return -ENOMEM;
	made->key.frames = count;
	made->key.first = frames->symbol ? (const void *)frames->symbol
					 : (const void *)(uintptr_t)(frames->place + 1);
	if (frames->symbol)
		made->key.address = segment->nodes[frames->node].pc;
	HASH_FIND(hh, writing->locations, &made->key, sizeof(made->key), found);
	if (found) {
		free(made);
		*ret_id = found->id;
		return 0;
	}
	made->id = HASH_COUNT(writing->locations) + 1;
	HASH_ADD(hh, writing->locations, key, sizeof(made->key), made);
	*ret_id = made->id;
	return put_location(writing, frames, count, made->id);
}

static int make_ids(struct writing *writing, const struct stack_frame *frames,
		    uint32_t count, size_t *ret_count)
{
	size_t n = 0;
	int r = 0;

	if (count > writing->ids_room) {
		uint64_t *grown = realloc(writing->ids, count * 2 * sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		writing->ids = grown;
		writing->ids_room = count * 2;
	}
	for (uint32_t i = 0; r == 0 && i < count;) {
		uint32_t run = run_length(frames + i, count - i);

		r = find_location(writing, frames + i, run, &writing->ids[n++]);
		i += run;
	}
	*ret_count = n;
	return r;
}

#define LABELS_MAX 12u /* bytes, thread, and as many tags as may nest */

struct labels {
	Pprof__Label label[LABELS_MAX], *pointer[LABELS_MAX];
	size_t count;
};

static Pprof__Label *add_label(struct writing *writing, struct labels *labels,
			       const char *key)
{
	Pprof__Label *label = &labels->label[labels->count];

	pprof__label__init(label);
	label->key = text(writing, key);
	labels->pointer[labels->count++] = label;
	return label;
}

/* Innermost tag first; pprof takes several labels of one key as alternatives. */
static void add_tags(struct writing *writing, uint32_t node, struct labels *labels)
{
	const struct segment *segment = writing->target->profile->segment;

	for (; node >= HR_NODE_FIRST && labels->count < LABELS_MAX;
	     node = segment->nodes[node].parent)
		if (segment->nodes[node].pc & HR_TAG_PC)
			add_label(writing, labels, "tag")->str =
				text(writing,
				     segment_tag_name(segment, segment->nodes[node].pc));
}

static void fill_labels(struct writing *writing, const struct profile_stack *stack,
			struct labels *labels)
{
	const char *thread = profile_thread_name(writing->target->profile, stack->thread);
	uint64_t objects = stack->value[PROFILE_ALLOC_OBJECTS];

	labels->count = 0;
	if (objects > 0) {
		Pprof__Label *bytes = add_label(writing, labels, "bytes");

		bytes->num_unit = text(writing, "bytes");
		bytes->num = (int64_t)(stack->value[PROFILE_ALLOC_SPACE] / objects);
	}
	if (*thread)
		add_label(writing, labels, "thread")->str = text(writing, thread);
	add_tags(writing, stack->node, labels);
}

/* A stack where nothing happened in the window of a delta. */
static bool is_zero(const struct profile_stack *stack)
{
	uint64_t any = 0;

	for (int i = 0; i < PROFILE_SAMPLES; i++)
		any |= stack->value[i];
	return any == 0;
}

static int put_sample(struct writing *writing, size_t number)
{
	const struct profile_stack *stack = &writing->target->profile->stacks[number];
	Pprof__Profile piece = PPROF__PROFILE__INIT;
	Pprof__Sample sample = PPROF__SAMPLE__INIT, *one = &sample;
	struct labels labels;
	const struct stack_frame *frames;
	int64_t values[PROFILE_SAMPLES];
	uint32_t count;

	if (is_zero(stack))
		return 0;
	count = stack_view_frames(writing->target->view, number, &frames);
	if (count == 0)
		return 0;
	if (make_ids(writing, frames, count, &sample.n_location_id) < 0)
		return -ENOMEM;
	for (int i = 0; i < writing->kind->count; i++)
		values[i] = (int64_t)stack->value[writing->kind->figures[i].value];
	fill_labels(writing, stack, &labels);
	sample.n_label = labels.count;
	sample.location_id = writing->ids;
	sample.n_value = (size_t)writing->kind->count;
	sample.value = values;
	sample.label = labels.pointer;
	piece.n_sample = 1;
	piece.sample = &one;
	pprof_pieces_put(writing->pieces, &piece);
	return 0;
}

static void put_mapping(struct writing *writing, uint32_t number)
{
	const struct heapring_module *module =
		&writing->target->profile->segment->modules[number];
	Pprof__Profile piece = PPROF__PROFILE__INIT;
	Pprof__Mapping mapping = PPROF__MAPPING__INIT, *one = &mapping;
	char build_id[2 * sizeof(module->build_id) + 1] = "";

	for (unsigned i = 0; i < module->build_id_len; i++)
		snprintf(build_id + 2 * (size_t)i, 3, "%02x", module->build_id[i]);
	mapping.id = (uint64_t)number + 1;
	mapping.memory_start = module->start;
	mapping.memory_limit = module->end;
	mapping.filename = text(writing, module->path);
	mapping.build_id = text(writing, build_id);
	mapping.has_functions = mapping.has_filenames = 1;
	mapping.has_line_numbers = mapping.has_inline_frames = 1;
	piece.n_mapping = 1;
	piece.mapping = &one;
	pprof_pieces_put(writing->pieces, &piece);
}

/* pprof takes the first mapping for the program. */
static void put_mappings(struct writing *writing)
{
	const struct segment *segment = writing->target->profile->segment;

	for (int program = 1; program >= 0; program--)
		for (uint32_t i = 0; i < segment->modules_count; i++)
			if (segment->modules[i].ready &&
			    !!(segment->modules[i].flags & HR_MODULE_MAIN) == program)
				put_mapping(writing, i);
}

static void fill_type(struct writing *writing, const char *type, const char *unit,
		      Pprof__ValueType *ret_type)
{
	pprof__value_type__init(ret_type);
	ret_type->type = text(writing, type);
	ret_type->unit = text(writing, unit);
}

static void put_types(struct writing *writing)
{
	const struct kind *kind = writing->kind;
	Pprof__Profile piece = PPROF__PROFILE__INIT;
	Pprof__ValueType types[PROFILE_SAMPLES], *pointers[PROFILE_SAMPLES];
	Pprof__ValueType period = PPROF__VALUE_TYPE__INIT;
	int by_default = kind->by_default;

	for (int i = 0; i < kind->count; i++) {
		fill_type(writing, kind->figures[i].type, kind->figures[i].unit,
			  &types[i]);
		pointers[i] = &types[i];
		if (by_default < 0 &&
		    kind->figures[i].value == writing->target->options->sample)
			by_default = i;
	}
	fill_type(writing, kind->period_type, kind->period_unit, &period);
	piece.n_sample_type = (size_t)kind->count;
	piece.sample_type = pointers;
	piece.period_type = &period;
	piece.period = (int64_t)writing->target->profile->segment->header.rate;
	piece.default_sample_type = text(writing, kind->figures[by_default].type);
	pprof_pieces_put(writing->pieces, &piece);
}

static void comment_heap(const struct profile *profile, char *comment, size_t room)
{
	char state[64], mode[64];

	report_state(&profile->segment->header, profile->life, state, sizeof(state));
	report_mode(&profile->segment->header, mode, sizeof(mode));
	snprintf(comment, room,
		 "heapring: pid %u, %s, %s, %.2f%% of allocations have a complete stack",
		 profile->segment->header.pid, state, mode,
		 profile->coverage.stacks_complete_pct);
}

static void comment_cpu(const struct profile *profile, char *comment, size_t room)
{
	snprintf(comment, room,
		 "heapring: CPU time of pid %u, %" PRIu64 " samples, %" PRIu64 " lost",
		 profile->segment->header.pid, profile->total[PROFILE_INUSE_OBJECTS],
		 profile->coverage.dropped);
}

/* pprof prints comments, so the one for people is short; the note is only a text. */
static int64_t comment_of(struct writing *writing)
{
	char *note = pprof_note_write(writing->target->profile);
	char comment[256];

	text(writing, note);
	free(note);
	writing->kind->comment(writing->target->profile, comment, sizeof(comment));
	return text(writing, comment);
}

static void put_times(struct writing *writing)
{
	const struct profile *profile = writing->target->profile;
	const struct heapring_header *header = &profile->segment->header;
	Pprof__Profile piece = PPROF__PROFILE__INIT;
	uint64_t end = header->end_unix_ns;
	int64_t comment = comment_of(writing);

	if (end == 0)
		end = clock_unix_ns();
	piece.time_nanos = (int64_t)end;
	if (profile->window_ns > 0)
		piece.duration_nanos = (int64_t)profile->window_ns;
	else if (header->start_unix_ns > 0 && end > header->start_unix_ns)
		piece.duration_nanos = (int64_t)(end - header->start_unix_ns);
	piece.n_comment = comment > 0;
	piece.comment = &comment;
	pprof_pieces_put(writing->pieces, &piece);
}

static void done(struct writing *writing)
{
	struct location *location, *next;

	HASH_ITER(hh, writing->locations, location, next)
	{
		HASH_DEL(writing->locations, location);
		free(location);
	}
	place_table_free(writing->functions);
	free(writing->ids);
}

static int write_kind(struct view_target *target, const struct kind *kind, FILE *to,
		      struct fault *fault)
{
	struct writing writing = { .target = target,
				   .kind = kind,
				   .pieces = pprof_pieces_new(to),
				   .functions =
					   place_table_new(/*across_builds=*/false) };
	int r = writing.pieces && writing.functions ? 0 : -ENOMEM, end = 0;

	if (r == 0) {
		put_types(&writing);
		put_times(&writing);
		put_mappings(&writing);
	}
	for (size_t i = 0; r == 0 && i < target->profile->stacks_count; i++)
		r = put_sample(&writing, i);
	if (writing.pieces)
		end = pprof_pieces_end(writing.pieces);
	done(&writing);
	if (r < 0 || end < 0)
		return fault_set(fault, FAULT_INPUT, r < 0 ? r : end,
				 "cannot make the profile: %s",
				 strerror(r < 0 ? -r : -end));
	return 0;
}

static int write_heap(struct view_target *target, FILE *to, struct fault *fault)
{
	/* in the order of Go's heap profiles */
	static const struct figure figures[] = {
		{ PROFILE_ALLOC_OBJECTS, "alloc_objects", "count" },
		{ PROFILE_ALLOC_SPACE, "alloc_space", "bytes" },
		{ PROFILE_INUSE_OBJECTS, "inuse_objects", "count" },
		{ PROFILE_INUSE_SPACE, "inuse_space", "bytes" },
	};
	static const struct kind heap = {
		figures, 4, -1, "space", "bytes", comment_heap
	};

	return write_kind(target, &heap, to, fault);
}

static int write_cpu(struct view_target *target, FILE *to, struct fault *fault)
{
	/* in the order of Go's CPU profiles */
	static const struct figure figures[] = {
		{ PROFILE_INUSE_OBJECTS, "samples", "count" },
		{ PROFILE_INUSE_SPACE, "cpu", "nanoseconds" },
	};
	static const struct kind cpu = {
		figures, 2, 1, "cpu", "nanoseconds", comment_cpu
	};

	return write_kind(target, &cpu, to, fault);
}

const struct export_format export_pprof = { "pprof", VIEW_FUNCTIONS, true, false,
					    write_heap };
const struct export_format export_pprof_cpu = { "pprof", VIEW_FUNCTIONS, true, false,
						write_cpu };
