/*
 * serve_cpu - /debug/pprof/profile: where a process spends its CPU time
 *
 * A thread of its own takes the samples, because rings must be emptied all the
 * time; the names are found and the answer written on the handlers' thread, like
 * every other answer. One profile at a time.
 */
#include "analyzer/serve/serve.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "analyzer/export/export.h"
#include "analyzer/machine/clock.h"
#include "analyzer/machine/cpu_unwind.h"
#include "analyzer/profile/profile_build.h"

#define SECONDS_DEFAULT 30u
#define READ_MS 50

struct cpu_request {
	struct http_request *request;
	pthread_t thread;
	unsigned seconds;
	struct served_process process;
	struct cpu_events *events;
	struct cpu_unwinder *unwinder;
	struct profile_build *build;
	struct cpu_stack stack;  /* of the present sample */
	struct profile *profile; /* the result, NULL: failed */
};

static void free_nothing(void *state)
{
	/* serve owns it */
}

static bool find_module(void *arg, uint64_t address, struct heapring_module *ret_module)
{
	return cpu_unwinder_module(arg, address, ret_module);
}

static void count_sample(void *arg, const struct cpu_sample *sample)
{
	struct cpu_request *cpu = arg;
	uint32_t node;

	cpu_unwind(cpu->unwinder, sample, &cpu->stack);
	node = cpu->stack.end == HR_END_COMPLETE ? HR_NODE_ROOT : cpu->stack.end;
	for (unsigned i = cpu->stack.count; i-- > 0;)
		node = profile_build_frame(cpu->build, node, cpu->stack.pcs[i]);
	profile_build_count(cpu->build, node, CPU_PERIOD_NS, 1);
}

static void *sample_for_a_while(void *arg)
{
	const struct timespec pause = { .tv_nsec = READ_MS * 1000000l };
	struct cpu_request *cpu = arg;
	uint64_t end = clock_ns() + cpu->seconds * UINT64_C(1000000000);

	do {
		nanosleep(&pause, NULL);
		cpu_events_read(cpu->events, count_sample, cpu);
	} while (!http_is_stopping(cpu->request) && clock_ns() < end);
	if (profile_build_end(cpu->build, &cpu->profile) < 0) {
		profile_free(cpu->profile);
		cpu->profile = NULL;
	} else {
		cpu->profile->coverage.dropped = cpu_events_lost(cpu->events);
		cpu->profile->window_ns = cpu->seconds * 1000000000ull;
		cpu->profile->segment->header.rate = CPU_PERIOD_NS;
	}
	cpu->build = NULL;
	if (!http_call_again(cpu->request, 0, cpu, free_nothing))
		http_answer_text(cpu->request, 503, "too many requests wait already\n");
	return NULL;
}

static void free_request(struct cpu_request *cpu)
{
	struct profile *unused;

	cpu_events_close(cpu->events);
	cpu_unwinder_free(cpu->unwinder);
	if (cpu->build && profile_build_end(cpu->build, &unused) <= 0)
		profile_free(unused);
	profile_free(cpu->profile);
	free(cpu);
}

/* Everything that can be refused, before the thread begins. */
static int prepare(struct cpu_request *cpu, struct fault *fault)
{
	struct profile *profile;
	struct target target;
	int r = cpu_events_open(cpu->process.header.pid, &cpu->events, fault);

	if (r == 0)
		r = target_open(cpu->process.path, &target, fault);
	if (r < 0)
		return r;
	r = profile_load(&target, &profile, fault);
	target_close(&target);
	if (r < 0)
		return r;
	cpu->build = profile_build_begin(profile);
	cpu->unwinder = cpu_unwinder_new(cpu->process.header.pid);
	if (!cpu->build || !cpu->unwinder)
		return fault_set(fault, FAULT_TARGET, -EPERM,
				 "cannot read what process %u maps",
				 cpu->process.header.pid);
	profile_build_ask(cpu->build, find_module, cpu->unwinder);
	return pthread_create(&cpu->thread, NULL, sample_for_a_while, cpu) == 0
		       ? 0
		       : fault_set(fault, FAULT_INPUT, -EAGAIN,
				   "no thread for the profile");
}

static void begin(struct serve *serve, struct http_request *request,
		  const struct served_process *process, unsigned seconds)
{
	struct cpu_request *cpu = calloc(1, sizeof(*cpu));
	struct fault fault;
	int r;

	if (!cpu) {
		http_answer_text(request, 503, "no memory\n");
		return;
	}
	cpu->request = request;
	cpu->seconds = seconds;
	cpu->process = *process;
	serve->cpu = cpu;
	r = prepare(cpu, &fault);
	if (r == 0)
		return;
	serve->cpu = NULL;
	free_request(cpu);
	http_answer_text(request,
			 r == -ESRCH   ? 404
			 : r == -EPERM ? 403
				       : 500,
			 "%s\n", fault.text);
}

static void finish(struct serve *serve, struct http_request *request)
{
	struct view_options options;
	struct cpu_request *cpu = serve->cpu;
	struct view_target target;
	struct serve_text text;
	struct fault fault = { .text = "no memory for the profile" };
	struct profile *profile = cpu->profile;
	int r = -1;

	view_options_init(&options);
	options.cache = serve->cache;
	options.keep_allocator = true;
	cpu->profile = NULL;
	serve_text_begin(&text);
	if (profile && text.stream)
		r = view_target_load_profile(profile, &options, &target, &fault);
	if (r == 0) {
		r = export_pprof_cpu.write(&target, text.stream, &fault);
		view_target_done(&target);
	}
	serve_cpu_end(serve);
	if (r < 0) {
		serve_text_drop(&text);
		serve_fault(request, &fault);
		return;
	}
	http_name_file(request, "cpu.pb.gz");
	serve_text_answer(&text, request, serve_type_binary);
}

void serve_cpu(void *arg, struct http_request *request)
{
	struct serve *serve = arg;
	struct served_process process;
	unsigned seconds;

	if (http_state(request)) {
		finish(serve, request);
		return;
	}
	if (!serve_number(request, "seconds", SERVE_SECONDS_MAX, &seconds) ||
	    !serve_pick(serve, request, &process))
		return;
	if (process.life != SEGMENT_LIVE)
		http_answer_text(request, 404, "process %u does not run any more\n",
				 process.header.pid);
	else if (serve->cpu)
		http_answer_text(request, 503,
				 "another CPU profile is under way; try again\n");
	else
		begin(serve, request, &process, seconds ? seconds : SECONDS_DEFAULT);
}

void serve_cpu_end(struct serve *serve)
{
	if (!serve->cpu)
		return;
	pthread_join(serve->cpu->thread, NULL);
	free_request(serve->cpu);
	serve->cpu = NULL;
}
