/*
 * hooks_thread - pthread_create, to know where threads come from
 *
 * The creating stack is walked like that of an allocation. The thread begins in
 * thread_main(), which says whose it is and notices its end however that comes: return,
 * pthread_exit or cancellation. Programs that make no threads pay nothing.
 *
 * thrd_create of C11 does not come through here: libc calls its own. Such threads are
 * there in /proc, but without the place where they were created.
 */
#include <errno.h>
#include <pthread.h>

#include "arch.h"
#include "preload/allocator/next.h"
#include "preload/count/thread.h"
#include "preload/hooks/hooks.h"
#include "preload/hooks/outer.h"
#include "preload/process/process.h"
#include "preload/record/record.h"
#include "preload/segment/starts.h"

#define EXPORT __attribute__((visibility("default")))

typedef int create_fn(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);

struct launch {
	void *(*routine)(void *);
	void *argument;
	struct start start;
};

static void end(void *start)
{
	starts_ended(*(struct start *)start);
}

static OUTER void *thread_main(void *of_creator)
{
	struct launch launch = *(struct launch *)of_creator;
	void *ret;

	thread_began = (uintptr_t)__builtin_frame_address(0);
	next.free(of_creator);
	starts_run(launch.start);
	pthread_cleanup_push(end, &launch.start);
	ret = launch.routine(launch.argument);
	pthread_cleanup_pop(1);
	return ret;
}

/* NULL: create the thread as if we were not there. */
static struct launch *prepare(void *(*routine)(void *), void *argument,
			      struct frame caller)
{
	struct launch *launch;
	struct start start;
	uint32_t node = record_stack(caller);

	if (node == 0)
		return NULL;
	start = starts_created(node, (uintptr_t)routine);
	launch = start.number == 0 ? NULL : next.malloc(sizeof *launch);
	if (launch == NULL)
		starts_failed(start);
	else
		*launch = (struct launch){ routine, argument, start };
	return launch;
}

static create_fn *real_create;

void hooks_thread_resolve(void)
{
	real_create = (create_fn *)next_function("pthread_create");
}

EXPORT int pthread_create(pthread_t *ret_thread, const pthread_attr_t *attributes,
			  void *(*routine)(void *), void *argument)
{
	struct launch *launch;
	struct start start;
	int error;

	if (real_create == NULL)
		hooks_thread_resolve();
	if (real_create == NULL)
		return EAGAIN;
	launch = prepare(routine, argument, FRAME_OF_CALLER());
	if (launch == NULL)
		return real_create(ret_thread, attributes, routine, argument);
	start = launch->start; /* the thread may have freed it when this returns */
	error = real_create(ret_thread, attributes, thread_main, launch);
	if (error != 0) {
		starts_failed(start);
		next.free(launch);
	}
	return error;
}
