/*
 * serve_symbol - names of addresses, and the command line: what pprof asks for
 *
 * jeprof and gperftools' pprof first GET /pprof/symbol to see whether there are
 * symbols, and then POST all addresses of a profile, "0x12+0x34". They have
 * subtracted one from return addresses by then.
 */
#include "analyzer/serve/serve.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/profile/profile_build.h"

struct asked {
	uint64_t address;
	uint32_t node;
};

/* "0x12+0x34", or with spaces for the pluses, as a query has them. */
static size_t parse(const char *text, struct profile_build *build, struct asked *asked)
{
	size_t count = 0;

	while (*text) {
		char *end;
		uint64_t address = strtoull(text, &end, 16);

		if (end == text)
			break;
		asked[count].address = address;
		asked[count].node = profile_build_frame(build, HR_NODE_ROOT, address + 1);
		profile_build_count(build, asked[count++].node, 1, 1);
		text = end + strspn(end, "+ \r\n");
	}
	return count;
}

static void put_names(const struct symbols *symbols, const struct asked *asked,
		      size_t count, FILE *to)
{
	for (size_t i = 0; i < count; i++) {
		const struct symbol *symbol;
		unsigned n = 0;

		if (asked[i].node < HR_NODE_FIRST)
			continue;
		symbol = symbols_of_node(symbols, asked[i].node, &n);
		fprintf(to, "0x%" PRIx64 "\t", asked[i].address);
		/* inlined functions: outermost last, as pprof parts them */
		for (unsigned k = n; k-- > 0;)
			fprintf(to, "%s%s", symbol[k].function, k > 0 ? "--" : "\n");
	}
}

static int look_up(struct serve *serve, struct profile *loaded, const char *text,
		   FILE *to, struct fault *fault)
{
	struct profile_build *build = profile_build_begin(loaded);
	/* the shortest is a digit and a plus */
	struct asked *asked = calloc(strlen(text) / 2 + 1, sizeof(*asked));
	size_t count = build && asked ? parse(text, build, asked) : 0;
	struct symbols *symbols = NULL;
	struct profile *profile = NULL;
	int r = build ? profile_build_end(build, &profile) : -1;

	if (r == 0 && asked)
		r = symbols_load(profile, serve->cache, NULL, &symbols, fault);
	else
		fault_set(fault, FAULT_INPUT, -1, "out of memory for the addresses");
	if (symbols)
		put_names(symbols, asked, count, to);
	symbols_free(symbols);
	profile_free(profile);
	free(asked);
	return symbols ? r : -1;
}

static void answer_names(struct serve *serve, struct http_request *request,
			 const struct served_process *process)
{
	struct profile *profile = NULL;
	struct serve_text text;
	struct target target;
	struct fault fault;
	int r = target_open(process->path, &target, &fault);

	if (r == 0) {
		r = profile_load(&target, &profile, &fault);
		target_close(&target);
	}
	serve_text_begin(&text);
	if (r == 0 && text.stream)
		r = look_up(serve, profile, http_payload(request), text.stream, &fault);
	else
		profile_free(profile);
	if (r == 0) {
		serve_text_answer(&text, request, serve_type_text);
		return;
	}
	serve_text_drop(&text);
	serve_fault(request, &fault);
}

void serve_symbol(void *arg, struct http_request *request)
{
	struct served_process process;
	const char *payload = http_payload(request);

	if (!serve_pick(arg, request, &process))
		return;
	if (*payload)
		answer_names(arg, request, &process);
	else
		http_answer_text(request, 200, "num_symbols: 1\n");
}

static void answer_command(struct serve *serve, struct http_request *request, char part)
{
	struct served_process process;
	struct serve_text text;
	const struct heapring_header *header = &process.header;
	uint32_t length;

	if (!serve_pick(serve, request, &process))
		return;
	length = header->command_len < HR_COMMAND ? header->command_len : HR_COMMAND;
	serve_text_begin(&text);
	if (text.stream && length == 0)
		fputs(header->exe, text.stream);
	for (uint32_t i = 0; text.stream && i < length; i++)
		if (header->command[i])
			putc(header->command[i], text.stream);
		else if (i + 1 < length)
			putc(part, text.stream);
	if (text.stream && part == '\n')
		putc(part, text.stream);
	serve_text_answer(&text, request, serve_type_text);
}

/* Arguments parted by NUL, as Go's has it. */
void serve_cmdline(void *arg, struct http_request *request)
{
	answer_command(arg, request, '\0');
}

/* A line each, as gperftools' has it. */
void serve_cmdline_lines(void *arg, struct http_request *request)
{
	answer_command(arg, request, '\n');
}
