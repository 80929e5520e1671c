/*
 * rss_lines - the lines of the sum, each with how it was measured and where it may err
 */
#ifndef ANALYZER_RESIDENT_RSS_LINES_H
#define ANALYZER_RESIDENT_RSS_LINES_H

#include "analyzer/resident/memory_picture.h"
#include "analyzer/resident/rss.h"

/* What lies on the heap's resident pages, by the live table. */
struct rss_heap {
	double blocks; /* samples weigh more than one */
	double live;   /* resident or not */
	double live_resident;
	double slack_resident;
	double headers_resident;
};

void rss_lines_write(struct memory_picture *picture, const struct rss_heap *heap,
		     struct rss *rss);

#endif
