/*
 * serve_heap - heap profiles: pprof's format, Go's text, gperftools' text, deltas
 *
 * With ?seconds=N the profile of now is kept, and subtracted from that of N
 * seconds later; in between the request waits and holds no thread.
 */
#include "analyzer/serve/serve.h"

#include <stdlib.h>
#include <string.h>

#include "analyzer/export/export.h"
#include "analyzer/profile/profile_delta.h"

struct heap_form {
	const struct export_format *format;
	enum profile_sample sample; /* which figure a reader shows first */
	const char *file_name;      /* NULL: text */
};

/* A delta: what was when it was asked for. The open file outlives its name. */
struct before {
	struct target target;
	struct profile *profile;
	unsigned seconds;
};

static void free_before(void *state)
{
	struct before *before = state;

	target_close(&before->target);
	profile_free(before->profile);
	free(before);
}

static void answer_with(struct serve *serve, struct http_request *request,
			const struct heap_form *form, struct profile *profile)
{
	struct view_options options;
	struct view_target target;
	struct serve_text text;
	struct fault fault;
	int r;

	view_options_init(&options);
	options.cache = serve->cache;
	options.sample = form->sample;
	options.wants = profile->wants;
	options.as_labels = true;
	r = view_target_load_profile(profile, &options, &target, &fault);
	serve_text_begin(&text);
	if (r == 0 && text.stream) {
		r = form->format->write(&target, text.stream, &fault);
		view_target_done(&target);
	}
	if (r < 0) {
		serve_text_drop(&text);
		serve_fault(request, &fault);
		return;
	}
	if (form->file_name)
		http_name_file(request, form->file_name);
	serve_text_answer(&text, request,
			  form->file_name ? serve_type_binary : serve_type_text);
}

static void begin_delta(struct serve *serve, struct http_request *request,
			const char *path, unsigned seconds)
{
	struct before *before = calloc(1, sizeof(*before));
	struct fault fault;

	if (!before || target_open(path, &before->target, &fault) < 0) {
		free(before);
		http_answer_text(request, 404, "that process is gone\n");
		return;
	}
	before->seconds = seconds;
	if (profile_load(&before->target, &before->profile, &fault) < 0) {
		free_before(before);
		serve_fault(request, &fault);
	} else if (!http_call_again(request, seconds * 1000, before, free_before)) {
		http_answer_text(request, 503,
				 "%u requests with ?seconds= are under way already\n",
				 HTTP_LATER);
	}
}

static void end_delta(struct serve *serve, struct http_request *request,
		      const struct heap_form *form)
{
	struct before *before = http_state(request);
	struct profile *now;
	struct fault fault;

	if (profile_load(&before->target, &now, &fault) < 0) {
		serve_fault(request, &fault);
		return;
	}
	profile_subtract(now, before->profile, before->seconds * 1000000000ull);
	answer_with(serve, request, form, now);
}

static void answer(struct serve *serve, struct http_request *request,
		   const struct heap_form *form)
{
	const struct profile_wants wants = { .by_thread = form->format->by_thread };
	struct served_process process;
	struct profile *profile;
	struct target target;
	struct fault fault;
	unsigned seconds;
	int r;

	if (http_state(request)) {
		end_delta(serve, request, form);
		return;
	}
	if (!serve_number(request, "seconds", SERVE_SECONDS_MAX, &seconds) ||
	    !serve_pick(serve, request, &process))
		return;
	if (seconds > 0) {
		begin_delta(serve, request, process.path, seconds);
		return;
	}
	r = target_open(process.path, &target, &fault);
	if (r == 0) {
		r = profile_load_with(&target, &wants, &profile, &fault);
		target_close(&target);
	}
	if (r == 0)
		answer_with(serve, request, form, profile);
	else
		serve_fault(request, &fault);
}

static void answer_pprof_or_text(struct serve *serve, struct http_request *request,
				 enum profile_sample sample, const char *file_name)
{
	struct heap_form form = { &export_pprof, sample, file_name };
	unsigned debug;

	if (!serve_number(request, "debug", 2, &debug))
		return;
	if (debug > 0)
		form = (struct heap_form){ &export_legacy, sample, NULL };
	answer(serve, request, &form);
}

void serve_heap(void *arg, struct http_request *request)
{
	answer_pprof_or_text(arg, request, PROFILE_INUSE_SPACE, "heap.pb.gz");
}

void serve_allocs(void *arg, struct http_request *request)
{
	answer_pprof_or_text(arg, request, PROFILE_ALLOC_SPACE, "allocs.pb.gz");
}

void serve_legacy_heap(void *arg, struct http_request *request)
{
	const struct heap_form form = { &export_legacy, PROFILE_INUSE_SPACE, NULL };

	answer(arg, request, &form);
}
