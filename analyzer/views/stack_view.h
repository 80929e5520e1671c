/*
 * stack_view - the stacks of a profile as a view shows them
 *
 * Between the symbols and the views: frames become places (a function, a
 * source line or a module, as asked), the allocator's own frames go, and the
 * filters are applied.
 *
 * Contract
 *   - the same function of the same module is one place however many addresses
 *     it has;
 *   - frames come innermost first; an incomplete stack ends in a place that
 *     says why, such as [truncated];
 *   - frames of the shim and of the allocator (allocator_frames.h) at the inner
 *     end are left out, so the first frame is the caller of the allocator;
 *     a stack made only of them keeps its outermost one. No filter sees those that
 *     are left out, and --show-from none that --hide or --show took out;
 *   - by thread, the outermost frame is [thread NAME].
 */
#ifndef ANALYZER_VIEWS_STACK_VIEW_H
#define ANALYZER_VIEWS_STACK_VIEW_H

#include <stdbool.h>
#include <stdint.h>

#include "analyzer/symbols/symbols.h"
#include "analyzer/views/place_table.h"
#include "analyzer/views/view_options.h"

struct stack_view;

/* A frame as it is shown, and where it comes from. */
struct stack_frame {
	uint32_t place;
	uint32_t node;               /* below HR_NODE_FIRST: not of the program */
	const struct symbol *symbol; /* of the node; NULL when it has none */
};

/* Adds what the profile goes through to the places, which stay the caller's. */
int stack_view_new(const struct profile *profile, const struct symbols *symbols,
		   const struct view_options *options, struct place_table *places,
		   struct stack_view **ret_view, struct fault *fault);
void stack_view_free(struct stack_view *view);

const struct place *stack_view_place(const struct stack_view *view, uint32_t place);

/*
 * The frames of one stack, valid until the next call. Returns how many; 0 when
 * a filter dropped the stack or hid all its frames.
 */
uint32_t stack_view_frames(struct stack_view *view, size_t stack,
			   const struct stack_frame **ret_frames);

/*
 * Which of these frames a person would blame (culprit.h), with find_culprits;
 * without, or when it is not shown, the first.
 */
uint32_t stack_view_culprit(const struct stack_view *view, size_t stack,
			    const struct stack_frame *frames, uint32_t count);

#endif
