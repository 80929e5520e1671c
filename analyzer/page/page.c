/*
 * page - the page of `report`, `web`, `serve` and `flame`: one HTML file
 */
#include "analyzer/page/page.h"

#include <errno.h>
#include <string.h>

#include "analyzer/page/page_data.h"

/* Where the data goes, and whom the page may ask: see page/template.html. */
#define DATA_MARK "@DATA@"
#define CONNECT_MARK "@CONNECT@"

extern const char page_html[];

void page_prepare(struct page_options *page, struct view_options *options)
{
	page->level = options->granularity;
	options->granularity = VIEW_LINES;
	options->find_culprits = true;
	if (page->only_flame)
		return;
	options->wants.if_there = !options->wants.history;
	options->wants.history = true;
	options->wants.details = !options->wants.at_peak && !options->wants.by_thread;
}

/* Writes up to the mark; returns what comes behind it. */
static const char *write_until(const char *from, const char *mark, FILE *to)
{
	const char *at = strstr(from, mark);

	fwrite(from, 1, at ? (size_t)(at - from) : strlen(from), to);
	return at ? at + strlen(mark) : from + strlen(from);
}

int page_write(const struct view_target *target, const struct page_options *page,
	       FILE *to, struct fault *fault)
{
	const char *rest = write_until(page_html, CONNECT_MARK, to);
	int r;

	fputs(page->live ? "'self'" : "'none'", to);
	rest = write_until(rest, DATA_MARK, to);
	r = page_data_write(target, page, to, fault);
	fputs(rest, to);
	return r;
}

int page_write_data(const struct view_target *target, const struct page_options *page,
		    FILE *to, struct fault *fault)
{
	return page_data_write(target, page, to, fault);
}
