/*
 * stack_view - the stacks of a profile as a view shows them
 *
 * Every symbol gets its place and its marks (allocator, matches --focus, ...)
 * once; after that a stack is only array look-ups. The marks of one symbol are
 * worked out by at most five regular expressions, so a profile of a million
 * stacks costs as many matches as it has symbols.
 */
#include "analyzer/views/stack_view.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/views/allocator_frames.h"
#include "analyzer/views/culprit.h"

#define PLACE_HIDDEN UINT32_MAX
#define ENDS HR_NODE_FIRST

enum mark {
	MARK_ALLOCATOR = 1,
	MARK_FOCUS = 2,
	MARK_IGNORE = 4,
	MARK_SHOW_FROM = 8,
	MARK_SHIM = 16,
};

struct marked {
	uint32_t place;
	uint32_t marks;
};

struct stack_view {
	const struct profile *profile;
	const struct symbols *symbols;
	const struct view_options *options;
	struct place_table *places;
	const struct symbol *first_symbol;
	struct marked *marked; /* by symbol */
	struct marked ends[ENDS];
	struct marked *threads;    /* by thread number; NULL: not by thread */
	struct culprits *culprits; /* NULL: nobody asks */
	struct stack_frame *frames;
	uint32_t frames_room;
};

static bool matches(const struct view_options *options, enum view_filter filter,
		    const struct place *place)
{
	const regex_t *re = &options->filter[filter];

	return options->has[filter] &&
	       (regexec(re, place->function, 0, NULL, 0) == 0 ||
		(place->file && regexec(re, place->file, 0, NULL, 0) == 0) ||
		regexec(re, place->module, 0, NULL, 0) == 0);
}

/* The place of a symbol at the granularity that was asked for. */
static int place_of(struct stack_view *view, const struct symbol *symbol,
		    uint32_t *ret_number)
{
	bool is_program = symbol->flags & HR_MODULE_MAIN, by_line = false;
	struct place place = { .function = symbol->function,
			       .module = symbol->module,
			       .start_line = symbol->start_line };

	switch (view->options->granularity) {
	case VIEW_FUNCTIONS:
		place.file = symbol->file;
		place.line = symbol->start_line;
		break;
	case VIEW_LINES:
		place.file = symbol->file;
		place.line = symbol->line;
		by_line = true;
		break;
	case VIEW_MODULES:
		place.function = *symbol->module ? symbol->module : "[unknown]";
		is_program = false;
		break;
	}
	return place_table_add(view->places, &place, by_line, is_program, ret_number);
}

static int mark_symbol(struct stack_view *view, const struct symbol *symbol,
		       struct marked *ret_marked)
{
	struct place whole = { symbol->function, symbol->file, symbol->module, 0 };
	struct marked marked = { .place = PLACE_HIDDEN };
	int r = 0;

	if ((symbol->flags & HR_MODULE_SHIM) || is_allocator_frame(symbol->function))
		marked.marks |= MARK_ALLOCATOR;
	if (symbol->flags & HR_MODULE_SHIM)
		marked.marks |= MARK_SHIM;
	if (matches(view->options, VIEW_FOCUS, &whole))
		marked.marks |= MARK_FOCUS;
	if (matches(view->options, VIEW_IGNORE, &whole))
		marked.marks |= MARK_IGNORE;
	if (!matches(view->options, VIEW_HIDE, &whole) &&
	    (!view->options->has[VIEW_SHOW] ||
	     matches(view->options, VIEW_SHOW, &whole))) {
		r = place_of(view, symbol, &marked.place);
		if (matches(view->options, VIEW_SHOW_FROM, &whole))
			marked.marks |= MARK_SHOW_FROM;
	}
	*ret_marked = marked;
	return r;
}

/* Threads are named in their own way, so --hide and --show can reach them. */
static int mark_threads(struct stack_view *view)
{
	uint32_t count = view->profile->segment->threads_count;
	char name[64];
	int r = 0;

	if (!view->profile->wants.by_thread || view->options->as_labels)
		return 0;
	view->threads = calloc((size_t)count + 1, sizeof(*view->threads));
	if (!view->threads)
		return -ENOMEM;
	for (uint32_t i = 0; r == 0 && i <= count; i++) {
		struct symbol symbol = { .function = name, .module = "" };

		snprintf(name, sizeof(name), "[thread %s]",
			 profile_thread_name(view->profile, i));
		r = mark_symbol(view, &symbol, &view->threads[i]);
	}
	return r;
}

static int mark_all(struct stack_view *view)
{
	uint32_t count;
	int r = 0;

	view->first_symbol = symbols_all(view->symbols, &count);
	view->marked = calloc((size_t)count + 1, sizeof(*view->marked));
	if (!view->marked)
		return -ENOMEM;
	for (uint32_t i = 0; r == 0 && i < count; i++)
		r = mark_symbol(view, &view->first_symbol[i], &view->marked[i]);
	for (unsigned end = 0; r == 0 && end < ENDS; end++) {
		const char *name = symbols_end_name((enum heapring_end)end);
		struct symbol symbol = { .function = name, .module = "" };

		view->ends[end].place = PLACE_HIDDEN;
		if (name)
			r = mark_symbol(view, &symbol, &view->ends[end]);
	}
	return r == 0 ? mark_threads(view) : r;
}

int stack_view_new(const struct profile *profile, const struct symbols *symbols,
		   const struct view_options *options, struct place_table *places,
		   struct stack_view **ret_view, struct fault *fault)
{
	struct stack_view *view = calloc(1, sizeof(*view));
	int r = -ENOMEM;

	if (view) {
		view->profile = profile;
		view->symbols = symbols;
		view->options = options;
		view->places = places;
		r = mark_all(view);
	}
	if (r == 0 && options->find_culprits)
		r = culprits_new(profile, symbols, &view->culprits);
	if (r < 0) {
		stack_view_free(view);
		return fault_set(fault, FAULT_INPUT, r, "out of memory for the view");
	}
	*ret_view = view;
	return 0;
}

void stack_view_free(struct stack_view *view)
{
	if (!view)
		return;
	culprits_free(view->culprits);
	free(view->marked);
	free(view->threads);
	free(view->frames);
	free(view);
}

const struct place *stack_view_place(const struct stack_view *view, uint32_t place)
{
	return place_table_get(view->places, place);
}

struct walk {
	uint32_t count;          /* frames kept */
	uint32_t marks;          /* of all frames but those that are left out */
	uint32_t from;           /* frames up to the outermost match of --show-from */
	struct stack_frame last; /* outermost one, were it all the allocator's */
	uint32_t last_marks;
	bool in_allocator;
	bool failed;
};

static void keep_frame(struct stack_view *view, struct walk *walk,
		       const struct stack_frame *frame)
{
	if (walk->count == view->frames_room) {
		uint32_t room = view->frames_room ? view->frames_room * 2 : 256;
		struct stack_frame *grown = realloc(view->frames, room * sizeof(*grown));

		if (!grown) {
			walk->failed = true;
			return;
		}
		view->frames = grown;
		view->frames_room = room;
	}
	view->frames[walk->count++] = *frame;
}

/* In the middle of a stack the shim's are where a thread begins. */
static void add_frame(struct stack_view *view, struct walk *walk, struct marked marked,
		      uint32_t node, const struct symbol *symbol)
{
	struct stack_frame frame = { marked.place, node, symbol };

	walk->in_allocator = walk->in_allocator && (marked.marks & MARK_ALLOCATOR);
	walk->last = frame;
	walk->last_marks = marked.marks;
	if (walk->in_allocator || (marked.marks & MARK_SHIM))
		return;
	walk->marks |= marked.marks;
	if (marked.place != PLACE_HIDDEN)
		keep_frame(view, walk, &frame);
	if (marked.marks & MARK_SHOW_FROM)
		walk->from = walk->count;
}

static void add_node(struct stack_view *view, struct walk *walk, uint32_t node)
{
	unsigned count;
	const struct symbol *symbol = symbols_of_node(view->symbols, node, &count);

	for (unsigned i = 0; i < count; i++)
		add_frame(view, walk, view->marked[symbol + i - view->first_symbol], node,
			  symbol + i);
}

/* What stands outside of the program's own frames: why the walk ended, the thread. */
static void add_outer(struct stack_view *view, struct walk *walk, struct marked marked,
		      uint32_t node)
{
	walk->in_allocator = false;
	if (marked.place != PLACE_HIDDEN)
		add_frame(view, walk, marked, node, NULL);
}

/* A stack that is all the allocator's keeps its outermost frame. */
static void keep_last(struct stack_view *view, struct walk *walk)
{
	walk->marks |= walk->last_marks;
	if (walk->last.place != PLACE_HIDDEN)
		keep_frame(view, walk, &walk->last);
	if (walk->last_marks & MARK_SHOW_FROM)
		walk->from = walk->count;
}

static bool is_dropped(const struct stack_view *view, const struct walk *walk)
{
	const bool *has = view->options->has;

	return walk->failed || (walk->marks & MARK_IGNORE) ||
	       (has[VIEW_FOCUS] && !(walk->marks & MARK_FOCUS)) ||
	       (has[VIEW_SHOW_FROM] && !(walk->marks & MARK_SHOW_FROM));
}

uint32_t stack_view_frames(struct stack_view *view, size_t stack,
			   const struct stack_frame **ret_frames)
{
	const struct profile_stack *from = &view->profile->stacks[stack];
	const struct segment *segment = view->profile->segment;
	struct walk walk = { .in_allocator = !view->options->keep_allocator,
			     .last.place = PLACE_HIDDEN };
	uint32_t node = from->node;

	for (; node >= HR_NODE_FIRST; node = segment->nodes[node].parent)
		if (!(view->options->as_labels && segment->nodes[node].pc & HR_TAG_PC))
			add_node(view, &walk, node);
	if (walk.in_allocator)
		keep_last(view, &walk);
	/* no stack at all has no reason either; the last pseudo node is [unknown] */
	if (from->node == HR_NODE_ROOT)
		node = ENDS - 1;
	add_outer(view, &walk, view->ends[node], node);
	if (walk.marks & MARK_SHOW_FROM)
		walk.count = walk.from;
	if (view->threads)
		add_outer(view, &walk, view->threads[from->thread], HR_NODE_ROOT);
	*ret_frames = view->frames;
	return is_dropped(view, &walk) ? 0 : walk.count;
}

uint32_t stack_view_culprit(const struct stack_view *view, size_t stack,
			    const struct stack_frame *frames, uint32_t count)
{
	const struct symbol *symbol =
		view->culprits ? culprit_of(view->culprits, stack).symbol : NULL;

	for (uint32_t i = 0; symbol && i < count; i++)
		if (frames[i].symbol == symbol)
			return i;
	return 0;
}
