/*
 * unwind - the call stack of the calling thread, as a node of the tree
 *
 * Input is the frame that called the hook; output is the node of the whole
 * stack. Nothing here knows about symbols or sizes.
 *
 * Contract
 *   - unwind_walk() always ends and always yields a node: an incomplete stack
 *     hangs under the node of the reason (enum heapring_end);
 *   - stack memory is read only from the frame given outward, below the top of
 *     the thread's stack where that is known, and a remembered word only when
 *     what was compared before it proves its frame live;
 *   - no lock, no allocation, no system call, errno untouched.
 */
#ifndef PRELOAD_UNWIND_H
#define PRELOAD_UNWIND_H

#include <stdbool.h>
#include <stdint.h>

#include <heapring/segment.h>

#include "preload/platform/likely.h"
#include "preload/process/config.h"
#include "preload/recent/recent.h"
#include "preload/unwind/rows.h"

/* Fills a struct frame for the function that contains the macro's use. */
#define FRAME_OF_CALLER()                                                                \
	((struct frame){ (uintptr_t)__builtin_return_address(0),                         \
			 (uintptr_t)__builtin_dwarf_cfa(),                               \
			 *(uintptr_t *)__builtin_frame_address(0) })

/* A frame of the last stack. */
struct stack_frame {
	struct frame regs;

	row_t row;       /* of pc */
	uint32_t node;   /* of the stack from the outer end to this frame */
	uint16_t checks; /* of `check`, how many vouch for the frames outside this one */
	bool needs_fp;   /* the place of a frame outside depends on fp here */
};

#define STACK_CHECKS (3u * CONFIG_DEPTH_MAX) /* at most three a frame */

/* The last stack of a thread; frame 0 is the outermost. */
struct stack {
	uint32_t frames; /* 0: nothing to replay */
	uint32_t end;    /* enum heapring_end */
	uint32_t kept; /* of `check`, how many were there when its reader last set this */
	uintptr_t hi;  /* top of the stack that the thread was started on; 0 unknown */

	/* That stack as far as is known, which stays mapped while the thread lives; it
	 * grows downward from where the thread began. own_to 0: nothing is. */
	uintptr_t own_from, own_to;

	struct check check[STACK_CHECKS];
	struct stack_frame frame[CONFIG_DEPTH_MAX];
};

/* A thread's own memory of tree_child(): direct-mapped. */
#define CHILDREN 16384u
struct child {
	uint64_t pc;
	uint32_t parent;
	uint32_t node; /* 0: free */
};

/* A thread's own memory of rows_find(): direct-mapped. */
#define OWN_ROWS 1024u
struct own_row {
	uintptr_t pc; /* 0: free */
	row_t row;
};

#define UNWIND_TAGS 8u

struct unwinder {
	uint64_t *steps; /* counts frames walked */
	struct stack stack;
	bool used; /* there is something in row or child */
	struct own_row row[OWN_ROWS];
	struct child child[CHILDREN];
	struct stack_frame fresh[CONFIG_DEPTH_MAX]; /* scratch: innermost first */
	uint32_t
		tag[UNWIND_TAGS]; /* outermost first: they hang between root and frames */
	uint32_t tags;
};

/*
 * Walks, remembers the stack in unwinder->stack, returns its node. depth: frames
 * kept at most. A stack that cannot be replayed leaves stack.frames 0.
 */
uint32_t unwind_walk(struct unwinder *unwinder, const struct frame *caller,
		     uint32_t depth);

/* The address below which the stack at sp ends; UINTPTR_MAX when that is unknown. */
#define STACK_BYTES_MAX ((uintptr_t)1 << 30)
static inline uintptr_t unwind_top(const struct stack *stack, uintptr_t sp)
{
	return sp < stack->hi && stack->hi - sp <= STACK_BYTES_MAX ? stack->hi
								   : UINTPTR_MAX;
}

/* unwind_row() of a pc that the thread does not remember. */
row_t unwind_row_slow(struct unwinder *unwinder, uintptr_t pc);

static inline struct own_row *unwind_own_row(struct unwinder *u, uintptr_t pc)
{
	return &u->row[(pc ^ pc >> 10) % OWN_ROWS];
}

/* rows_find() with the thread's own memory in front, which lasts for a generation. */
static inline __attribute__((always_inline)) row_t unwind_row(struct unwinder *u,
							      uintptr_t pc)
{
	const struct own_row *own = unwind_own_row(u, pc);

	return likely(own->pc == pc) ? own->row : unwind_row_slow(u, pc);
}

/* The node of the thread's tags alone: no other row of tags has it. */
uint32_t unwind_tags_node(struct unwinder *unwinder);

/* Drops the remembered stack and children. */
void unwind_forget(struct unwinder *unwinder);

#endif
