/*
 * serve_page - the page about one process, and the data that it asks for again
 *
 * Where several processes are served, / lists them; each links to its page.
 */
#include "analyzer/serve/serve.h"

#include "analyzer/page/page.h"

typedef int write_fn(const struct view_target *target, const struct page_options *page,
		     FILE *to, struct fault *fault);

static void answer(struct serve *serve, struct http_request *request,
		   const struct served_process *process, write_fn *write,
		   const char *type)
{
	struct page_options page = { .target = process->path,
				     .stacks = PAGE_STACKS,
				     .live = true,
				     .no_sources = !serve->has_sources };
	struct view_options options;
	struct view_target target;
	struct serve_text text;
	struct fault fault;
	int r;

	view_options_init(&options);
	options.cache = serve->cache;
	page_prepare(&page, &options);
	r = view_target_load(process->path, &options, &target, &fault);
	serve_text_begin(&text);
	if (r == 0) {
		if (text.stream)
			r = write(&target, &page, text.stream, &fault);
		view_target_done(&target);
	}
	view_options_done(&options);
	if (r == 0) {
		serve_text_answer(&text, request, type);
		return;
	}
	serve_text_drop(&text);
	serve_fault(request, &fault);
}

void serve_page(void *arg, struct http_request *request)
{
	struct served_process process;

	if (!http_value(request, "pid") && !serve_is_one(arg))
		serve_index(arg, request);
	else if (serve_pick(arg, request, &process))
		answer(arg, request, &process, page_write, serve_type_html);
}

void serve_page_data(void *arg, struct http_request *request)
{
	struct served_process process;

	if (serve_pick(arg, request, &process))
		answer(arg, request, &process, page_write_data, "application/json");
}
