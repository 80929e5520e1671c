/*
 * serve - what `heapring serve` answers, behind http_server.h
 *
 * Contract
 *   - handlers run on one thread and share the cache of names; what they read is
 *     shared memory and files, so the target does nothing for a request;
 *   - a request that cannot be answered gets one line of text that says why and,
 *     where there is one, the right way to ask.
 */
#ifndef ANALYZER_SERVE_SERVE_H
#define ANALYZER_SERVE_SERVE_H

#include "analyzer/serve/http_server.h"
#include "analyzer/serve/metrics.h"
#include "analyzer/serve/served.h"
#include "analyzer/symbols/symbol_cache.h"
#include "analyzer/views/view_target.h"

#define SERVE_SECONDS_MAX 300u /* of ?seconds= */

struct cpu_request;

struct serve {
	struct served served;
	struct symbol_cache *cache;
	struct metrics *metrics;
	struct cpu_request *cpu; /* the one that runs, NULL none */
	bool has_sources;        /* lines of source files go into the page */
};

extern const struct http_route serve_routes[];
extern const char *const serve_keys[]; /* of queries */

/* The process that ?pid= means; false: the request was answered. */
bool serve_pick(struct serve *serve, struct http_request *request,
		struct served_process *ret_process);

/* Is there no choice to make? */
bool serve_is_one(struct serve *serve);

/* Answers with a fault's text and the status that suits it. */
void serve_fault(struct http_request *request, const struct fault *fault);

/* The value of ?key=, which may be up to `most`; 0 without one. False: answered. */
bool serve_number(struct http_request *request, const char *key, unsigned most,
		  unsigned *ret_number);

/* An answer that is written to a stream. */
struct serve_text {
	char *text;
	size_t length;
	FILE *stream; /* NULL: no memory */
};

void serve_text_begin(struct serve_text *text);
/* Answers with what was written. */
void serve_text_answer(struct serve_text *text, struct http_request *request,
		       const char *type);
void serve_text_drop(struct serve_text *text);

extern const char serve_type_text[], serve_type_html[], serve_type_binary[];

/* The handlers, by file. */
http_handler serve_index, serve_health;                        /* serve_index.c */
http_handler serve_page, serve_page_data;                      /* serve_page.c */
http_handler serve_heap, serve_allocs, serve_legacy_heap;      /* serve_heap.c */
http_handler serve_symbol, serve_cmdline, serve_cmdline_lines; /* serve_symbol.c */
http_handler serve_threads;                                    /* serve_threads.c */
http_handler serve_metrics;                                    /* serve_metrics.c */
http_handler serve_cpu;                                        /* serve_cpu.c */

/* Waits for the CPU profile that may still be running. */
void serve_cpu_end(struct serve *serve);

#endif
