/*
 * cmd_pack - a dump that can be read on another machine
 */
#include "analyzer/commands/commands.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

#include "analyzer/console/output_file.h"
#include "analyzer/console/units.h"
#include "analyzer/pprof/pprof_read.h"
#include "analyzer/segment/segment_copy.h"
#include "analyzer/segment/segment_map.h"
#include "analyzer/symbols/pack.h"
#include "analyzer/symbols/symbols_command.h"

struct pack {
	const char *output;
	bool with_sources;
	struct source_paths paths;
	bool debuginfod;
};

/* Names are looked up as for the target itself: a live one has its own root folder. */
static int add_symbols(const struct pack *pack, const struct target *from,
		       struct target *copy, struct pack_result *ret_result,
		       struct fault *fault)
{
	struct profile *profile = NULL;
	struct symbols *symbols = NULL;
	int r = segment_map_header(copy->fd, copy->path, &copy->header, fault);

	copy->life = from->life;
	if (r == 0)
		r = profile_load(copy, &profile, fault);
	if (r == 0)
		r = symbols_command_load(profile, pack->debuginfod, &symbols, fault);
	if (r == 0)
		r = pack_write(copy, symbols, pack->with_sources ? &pack->paths : NULL,
			       ret_result, fault);
	symbols_free(symbols);
	profile_free(profile);
	return r;
}

static int write_packed(const struct pack *pack, const struct target *from,
			struct pack_result *ret_result, struct fault *fault)
{
	struct target copy = { 0 };
	struct output_file file;
	uint64_t bytes;
	int r = output_file_open(pack->output, &file, fault);

	if (r < 0)
		return r;
	snprintf(copy.path, sizeof(copy.path), "%s", pack->output);
	copy.fd = fileno(file.stream);
	if (!*file.written)
		r = fault_set(fault, FAULT_USAGE, -EINVAL,
			      "pack: %s is no regular file; a dump is written out of "
			      "order, and read again",
			      pack->output);
	if (r == 0)
		fchmod(copy.fd, 0600); /* as a dump: it shows the command line */
	if (r == 0)
		r = segment_copy_to(from, copy.fd, pack->output, &bytes, fault);
	if (r == 0)
		r = add_symbols(pack, from, &copy, ret_result, fault);
	if (r < 0)
		output_file_abort(&file);
	return r < 0 ? r : output_file_commit(&file, fault);
}

static int write_out(const struct pack *pack, const char *name, struct fault *fault)
{
	struct pack_result result;
	struct target from;
	int r;

	if (!pack->output)
		return fault_set(fault, FAULT_USAGE, -EINVAL, "pack: -o FILE is missing");
	if (pprof_read_detect(name))
		return fault_set(fault, FAULT_USAGE, -EINVAL,
				 "%s is a pprof profile: it carries its symbols already",
				 name);
	r = target_open(name, &from, fault);
	if (r < 0)
		return r;
	r = write_packed(pack, &from, &result, fault);
	target_close(&from);
	if (r < 0)
		return r;
	fprintf(stderr, "heapring: wrote %s, %s: %s at %s", pack->output,
		units_bytes(result.bytes).text,
		units_signed_counted(result.functions, "function").text,
		units_signed_counted(result.addresses, "address").text);
	if (pack->with_sources)
		fprintf(stderr, ", %s",
			units_signed_counted(result.sources, "source file").text);
	if (result.nameless)
		fprintf(stderr, "; no name here for %s",
			units_signed_counted(result.nameless, "address").text);
	fputc('\n', stderr);
	return 0;
}

static int run(const struct command *command, int argc, char **argv)
{
	struct pack pack = { 0 };
	const struct option_spec own[] = {
		{ "output", 'o', "FILE", "the packed dump to write", option_set_string,
		  &pack.output },
		{ "sources", 0, NULL, "the source files too, for `list`", option_set_true,
		  &pack.with_sources },
		{ "source-path", 0, "DIR[:DIR...]", "where to look for sources first",
		  option_set_string, &pack.paths.search },
		{ "trim-path", 0, "DIR[:DIR...]",
		  "take this off recorded names of sources", option_set_string,
		  &pack.paths.trim },
		{ "debuginfod", 0, NULL,
		  "fetch missing debug information from $DEBUGINFOD_URLS",
		  option_set_true, &pack.debuginfod },
		{ NULL },
	};
	struct options options = { .command = command,
				   .tables = { own },
				   .arguments_min = 1,
				   .arguments_max = 1 };
	struct fault fault;
	int first, status;

	if (!options_ready(&options, argc, argv, &first, &status))
		return status;
	return write_out(&pack, argv[first], &fault) < 0 ? fault_print(&fault) : 0;
}

const struct command cmd_pack = {
	.name = "pack",
	.arguments = "[--sources] TARGET -o FILE",
	.summary = "Save a profile with its symbols, to read on another machine",
	.help = "The dump then holds the functions, files, lines and inlined calls of "
		"all "
		"its\n"
		"addresses, so every view and export gives there what it gives here, "
		"without "
		"the\n"
		"programs and libraries. --sources adds the text of the source files.",
	.run = run,
};
