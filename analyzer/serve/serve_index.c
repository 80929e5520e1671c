/*
 * serve_index - the pages that lead to the others, for people
 */
#include "analyzer/serve/serve.h"

#include <string.h>

#include "analyzer/profile/report.h"

static const char head[] =
	"<!doctype html><html lang=en><meta charset=utf-8>"
	"<meta name=viewport content=\"width=device-width\"><title>heapring</title>"
	"<style>:root{color-scheme:light dark}body{font:15px/1.5 system-ui,sans-serif;"
	"max-width:62rem;margin:2rem auto;padding:0 1rem}table{border-collapse:collapse;"
	"width:100%}th,td{text-align:left;padding:.35rem .8rem .35rem "
	"0;border-bottom:1px "
	"solid #8884;vertical-align:top}td.n{font-variant-numeric:tabular-nums}code{"
	"font-size:.92em}small{opacity:.75}</style>";

static void put_escaped(const char *text, FILE *to)
{
	for (; *text; text++) {
		if (*text == '<')
			fputs("&lt;", to);
		else if (*text == '>')
			fputs("&gt;", to);
		else if (*text == '&')
			fputs("&amp;", to);
		else if (*text == '"')
			fputs("&quot;", to);
		else
			putc((unsigned char)*text < ' ' ? ' ' : *text, to);
	}
}

static void put_command(const struct heapring_header *header, FILE *to)
{
	uint32_t length =
		header->command_len < HR_COMMAND ? header->command_len : HR_COMMAND;

	for (uint32_t i = 0; i < length; i++) {
		const char text[2] = { header->command[i] ? header->command[i] : ' ' };

		put_escaped(text, to);
	}
}

static void put_process(const struct served_process *process, FILE *to)
{
	static const struct {
		const char *path, *name;
	} links[] = { { "debug/pprof/heap", "heap" },
		      { "debug/pprof/heap?debug=1", "text" },
		      { "debug/pprof/allocs", "allocs" },
		      { "debug/pprof/profile?seconds=5", "CPU, 5 s" },
		      { "debug/pprof/threads", "threads" },
		      { "debug/pprof/cmdline", "cmdline" } };
	char state[64], mode[64];

	report_state(&process->header, process->life, state, sizeof(state));
	report_mode(&process->header, mode, sizeof(mode));
	fprintf(to, "<tr><td class=n>%u<td><a href=\"/?pid=%u\"><b>", process->header.pid,
		process->header.pid);
	put_escaped(served_program(&process->header), to);
	fputs("</b></a><br><small><code>", to);
	put_command(&process->header, to);
	fprintf(to, "</code></small><td>%s<br><small>%s</small><td>", state, mode);
	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++)
		fprintf(to, "<a href=\"/%s%cpid=%u\">%s</a> ", links[i].path,
			strchr(links[i].path, '?') ? '&' : '?', process->header.pid,
			links[i].name);
	fputs("\n", to);
}

static void put_list(const struct served_list *list, FILE *to)
{
	fputs(head, to);
	fputs("<h1>heapring</h1><p>Which call stacks hold the memory of these processes, "
	      "and which ones churn it.<table><tr><th>pid<th>program<th>state<th>"
	      "profiles\n",
	      to);
	for (size_t i = 0; i < list->count; i++)
		put_process(&list->processes[i], to);
	if (list->count == 0)
		fputs("<tr><td colspan=4>no process is profiled: <code>heapring run -- "
		      "PROGRAM</code>",
		      to);
	fputs("</table><p><code>go tool pprof http://HOST:PORT/debug/pprof/heap</code> "
	      "reads the profiles; <code>?seconds=N</code> is what changed in N seconds, "
	      "<code>?pid=</code> says whose. <a href=\"/metrics\">/metrics</a> is for "
	      "Prometheus.\n",
	      to);
}

void serve_index(void *arg, struct http_request *request)
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
		put_list(&list, text.stream);
	served_list_done(&list);
	serve_text_answer(&text, request, serve_type_html);
}

/* On the network's thread: the server is well when it can say so. */
void serve_health(void *arg, struct http_request *request)
{
	http_answer_text(request, 200, "ok\n");
}
