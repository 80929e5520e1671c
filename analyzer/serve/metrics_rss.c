#include "analyzer/serve/metrics_rss.h"

#include <inttypes.h>
#include <string.h>

#include "analyzer/machine/clock.h"

#define TIMES_AS_LONG 20u

void metrics_rss_read(struct metrics_rss *rss, const struct profile *profile)
{
	uint64_t start = clock_ns();
	struct fault ignored;
	struct rss read;

	if (start < rss->next_ns)
		return;
	rss->count = 0;
	if (rss_read(profile, &read, &ignored) == 0) {
		for (unsigned i = 0; i < read.lines_count; i++) {
			if (read.lines[i].depth > 0)
				continue;
			rss->key[rss->count] = read.lines[i].key;
			rss->bytes[rss->count++] = read.lines[i].bytes;
		}
		rss_done(&read);
	}
	rss->next_ns = clock_ns() + TIMES_AS_LONG * (clock_ns() - start);
}

void metrics_rss_put(const struct metrics_rss *rss, const char *labels, FILE *to)
{
	for (unsigned i = 0; i < rss->count; i++)
		fprintf(to, "heapring_rss_bytes{%s,kind=\"%s\"} %" PRId64 "\n", labels,
			rss->key[i], rss->bytes[i]);
}
