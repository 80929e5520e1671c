#include "analyzer/serve/serve.h"

void serve_metrics(void *arg, struct http_request *request)
{
	struct serve *serve = arg;
	struct served_list list;
	struct serve_text text;
	struct fault fault;

	if (served_list(&serve->served, &list, &fault) < 0) {
		serve_fault(request, &fault);
		return;
	}
	serve_text_begin(&text);
	if (text.stream)
		metrics_write(serve->metrics, &list, serve->cache, text.stream);
	served_list_done(&list);
	serve_text_answer(&text, request, "text/plain; version=0.0.4; charset=utf-8");
}
