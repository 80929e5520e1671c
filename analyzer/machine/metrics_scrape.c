/*
 * metrics_scrape - the numbers of a Prometheus endpoint
 *
 * libcurl speaks HTTP; the text format is one sample a line: name, labels in braces,
 * value, and a time that nobody needs here.
 */
#include "analyzer/machine/metrics_scrape.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>

struct body {
	char *text;
	size_t length;
	bool is_too_long;
};

static size_t receive(char *data, size_t size, size_t count, void *to)
{
	struct body *body = to;
	size_t more = size * count;
	char *grown;

	body->is_too_long = body->length + more > METRICS_BYTES_MAX;
	grown = body->is_too_long ? NULL : realloc(body->text, body->length + more + 1);
	if (!grown)
		return 0;
	memcpy(grown + body->length, data, more);
	body->text = grown;
	body->length += more;
	grown[body->length] = '\0';
	return more;
}

/* http://HOST:PORT alone means its /metrics. NULL without memory. */
static char *whole_url(const char *url)
{
	const char *host = strstr(url, "://");
	const char *path = strchr(host ? host + 3 : url, '/');
	char *whole = NULL;

	if (asprintf(&whole, "%s%s%s", host ? "" : "http://", url,
		     path ? "" : "/metrics") < 0)
		return NULL;
	return whole;
}

/* libcurl would take the path for the host. */
static bool has_host(const char *url)
{
	const char *host = strstr(url, "://");

	host = host ? host + 3 : url;
	return (unsigned char)*host > ' ' && *host != '/' && *host != ':';
}

static int get(const char *url, struct body *body, struct fault *fault)
{
	CURL *curl = curl_easy_init();
	long status = 0;
	CURLcode code;

	if (!curl)
		return fault_set(fault, FAULT_INPUT, -ENOMEM, "cannot start libcurl");
	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(curl, CURLOPT_NOPROXY, "127.0.0.1,localhost,::1");
	curl_easy_setopt(curl, CURLOPT_TIMEOUT, METRICS_TIMEOUT_S);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, receive);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, body);
	code = curl_easy_perform(curl);
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_cleanup(curl);
	if (body->is_too_long)
		return fault_set(fault, FAULT_INPUT, -EFBIG,
				 "--metrics %s: more than %u MiB; is that a Prometheus "
				 "endpoint?",
				 url, METRICS_BYTES_MAX >> 20);
	if (code != CURLE_OK)
		return fault_set(fault, FAULT_INPUT, -EIO, "--metrics %s: %s", url,
				 curl_easy_strerror(code));
	if (status != 200)
		return fault_set(fault, FAULT_INPUT, -EIO,
				 "--metrics %s: the server answers %ld, not 200", url,
				 status);
	return 0;
}

int metrics_scrape(const char *url, struct metrics *ret, struct fault *fault)
{
	char *whole = whole_url(url);
	struct body body = { 0 };
	int r;

	memset(ret, 0, sizeof(*ret));
	if (!has_host(url)) {
		free(whole);
		return fault_set(fault, FAULT_INPUT, -EINVAL,
				 "--metrics `%s`: no host; give http://HOST:PORT/metrics",
				 url);
	}
	if (!whole)
		return fault_set(fault, FAULT_INPUT, -ENOMEM, "out of memory for %s",
				 url);
	r = get(whole, &body, fault);
	if (r == 0 && body.text && metrics_parse(body.text, ret) < 0)
		r = fault_set(fault, FAULT_INPUT, -ENOMEM, "out of memory for %s", whole);
	if (r == 0 && ret->count == 0)
		r = fault_set(fault, FAULT_INPUT, -EINVAL,
			      "--metrics %s: no metrics in the answer; is that a "
			      "Prometheus endpoint?",
			      whole);
	if (r < 0)
		metrics_done(ret);
	free(whole);
	free(body.text);
	return r;
}

static int add(struct metrics *metrics, const char *name, const char *labels,
	       double value)
{
	struct metric metric = { strdup(name), strdup(labels), value };
	struct metric *grown =
		metrics->count & (metrics->count - 1)
			? metrics->metrics
			: realloc(metrics->metrics,
				  (metrics->count ? 2 * metrics->count : 1) *
					  sizeof(*grown));

	if (grown)
		metrics->metrics = grown;
	if (!grown || !metric.name || !metric.labels) {
		free(metric.name);
		free(metric.labels);
		return -ENOMEM;
	}
	metrics->metrics[metrics->count++] = metric;
	return 0;
}

/* The brace that ends the labels: one inside of quotes does not. */
static char *end_of_labels(char *text)
{
	bool quoted = false;

	for (; *text; text++) {
		if (quoted && *text == '\\' && text[1])
			text++;
		else if (*text == '"')
			quoted = !quoted;
		else if (*text == '}' && !quoted)
			return text;
	}
	return NULL;
}

static int parse_line(char *line, struct metrics *ret)
{
	size_t length = strcspn(line, "{ \t");
	char *labels = NULL, *rest = line + length, *end;
	double value;

	if (length == 0 || *line == '#')
		return 0;
	if (*rest == '{') {
		labels = rest + 1;
		*rest = '\0';
		rest = end_of_labels(labels);
		if (!rest)
			return 0;
	}
	if (!*rest)
		return 0;
	*rest++ = '\0';
	value = strtod(rest, &end);
	if (end == rest || !isfinite(value))
		return 0;
	return add(ret, line, labels ? labels : "", value);
}

int metrics_parse(char *text, struct metrics *ret)
{
	char *rest = text, *line;
	int r = 0;

	memset(ret, 0, sizeof(*ret));
	while (r == 0 && (line = strsep(&rest, "\r\n")))
		r = parse_line(line, ret);
	if (r < 0)
		metrics_done(ret);
	return r;
}

void metrics_done(struct metrics *metrics)
{
	for (size_t i = 0; i < metrics->count; i++) {
		free(metrics->metrics[i].name);
		free(metrics->metrics[i].labels);
	}
	free(metrics->metrics);
	memset(metrics, 0, sizeof(*metrics));
}

static bool ends_so(const char *name, const char *ending)
{
	size_t length = strlen(name), tail = strlen(ending);

	return length >= tail && strcmp(name + length - tail, ending) == 0 &&
	       (length == tail || name[length - tail - 1] == '_');
}

bool metrics_sum(const struct metrics *metrics, const char *ending, double *ret)
{
	bool found = false;
	double sum = 0;

	for (size_t i = 0; i < metrics->count; i++)
		if (ends_so(metrics->metrics[i].name, ending)) {
			sum += metrics->metrics[i].value;
			found = true;
		}
	if (found)
		*ret = sum;
	return found;
}
