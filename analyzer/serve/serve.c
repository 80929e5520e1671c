#include "analyzer/serve/serve.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

const char serve_type_text[] = "text/plain; charset=utf-8";
const char serve_type_html[] = "text/html; charset=utf-8";
const char serve_type_binary[] = "application/octet-stream";

const char *const serve_keys[] = { "pid", "seconds", "debug", NULL };

const struct http_route serve_routes[] = {
	{ .path = "/", .handle = serve_page },
	{ .path = "/data.json", .handle = serve_page_data },
	{ .path = "/healthz", .handle = serve_health, .quick = true },
	{ .path = "/metrics", .handle = serve_metrics },
	{ .path = "/debug/pprof", .handle = serve_index },
	{ .path = "/debug/pprof/", .handle = serve_index },
	{ .path = "/debug/pprof/heap", .handle = serve_heap },
	{ .path = "/debug/pprof/allocs", .handle = serve_allocs },
	{ .path = "/debug/pprof/profile", .handle = serve_cpu },
	{ .path = "/debug/pprof/threads", .handle = serve_threads },
	{ .path = "/debug/pprof/goroutine", .handle = serve_threads },
	{ .path = "/debug/pprof/cmdline", .handle = serve_cmdline },
	{ .path = "/debug/pprof/symbol", .handle = serve_symbol, .takes_post = true },
	{ .path = "/pprof/heap", .handle = serve_legacy_heap },
	{ .path = "/pprof/cmdline", .handle = serve_cmdline_lines },
	{ .path = "/pprof/symbol", .handle = serve_symbol, .takes_post = true },
	{ .path = NULL },
};

static void answer_fault(struct http_request *request, int r, const struct fault *fault)
{
	unsigned status = r == -EINVAL ? 400 : r == -ENOENT || r == -ESRCH ? 404 : 500;

	http_answer_text(request, status, "%s\n", fault->text);
}

void serve_fault(struct http_request *request, const struct fault *fault)
{
	answer_fault(request, fault->status == FAULT_TARGET ? -ENOENT : -EIO, fault);
}

bool serve_pick(struct serve *serve, struct http_request *request,
		struct served_process *ret_process)
{
	const struct served_process *process;
	struct served_list list = { 0 };
	struct fault fault;
	int r = served_list(&serve->served, &list, &fault);

	if (r == 0)
		r = served_pick(&list, http_value(request, "pid"), &process, &fault);
	if (r == 0)
		*ret_process = *process;
	else
		answer_fault(request, r, &fault);
	served_list_done(&list);
	return r == 0;
}

bool serve_is_one(struct serve *serve)
{
	const struct served_process *process;
	struct served_list list = { 0 };
	struct fault ignored;
	bool is_one = served_list(&serve->served, &list, &ignored) == 0 &&
		      served_pick(&list, NULL, &process, &ignored) == 0;

	served_list_done(&list);
	return is_one;
}

bool serve_number(struct http_request *request, const char *key, unsigned most,
		  unsigned *ret_number)
{
	const char *value = http_value(request, key);
	unsigned long number;
	char *end;

	*ret_number = 0;
	if (!value)
		return true;
	number = strtoul(value, &end, 10);
	if (end != value && !*end && *value != '-' && number <= most) {
		*ret_number = (unsigned)number;
		return true;
	}
	http_answer_text(request, 400, "?%s= takes a number from 0 to %u\n", key, most);
	return false;
}

void serve_text_begin(struct serve_text *text)
{
	*text = (struct serve_text){ 0 };
	text->stream = open_memstream(&text->text, &text->length);
}

void serve_text_drop(struct serve_text *text)
{
	if (text->stream)
		fclose(text->stream);
	free(text->text);
	*text = (struct serve_text){ 0 };
}

void serve_text_answer(struct serve_text *text, struct http_request *request,
		       const char *type)
{
	bool failed = !text->stream || ferror(text->stream);

	if (text->stream && fclose(text->stream) != 0)
		failed = true;
	if (failed) {
		free(text->text);
		text->text = NULL;
	}
	http_answer(request, 200, type, text->text, text->length);
	*text = (struct serve_text){ 0 };
}
