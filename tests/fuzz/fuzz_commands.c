/*
 * fuzz_commands - whole commands of `heapring` on a file that a fuzzer made
 *
 * Commands are called as main() calls them, with an argv, so that their parsing of
 * options, their filters and their output are all part of what is tested.
 */
#include "tests/fuzz/fuzz_commands.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "analyzer/commands/commands.h"

#define ARGS_MAX 24

static char folder[] = "/dev/shm/heapring-fuzz.XXXXXX";
static char file[64], base[64], written[64];

static const struct command *const views[] = {
	&cmd_top,     &cmd_traces, &cmd_tree,   &cmd_peek,    &cmd_list,
	&cmd_diff,    &cmd_sizes,  &cmd_export, &cmd_flame,   &cmd_lifetimes,
	&cmd_foreign, &cmd_audit,  &cmd_trend,  &cmd_threads, &cmd_slack,
};
static const struct command *const others[] = { &cmd_dump, &cmd_ps };

#define VIEWS (sizeof(views) / sizeof(views[0]))
#define OTHERS (sizeof(others) / sizeof(others[0]))

struct arguments {
	char *argv[ARGS_MAX];
	int argc;
};

static void clean_up(void)
{
	unlink(file);
	unlink(base);
	unlink(written);
	rmdir(folder);
}

static void make_folder(void)
{
	if (*file)
		return;
	if (!mkdtemp(folder))
		abort();
	snprintf(file, sizeof(file), "%s/heapring.%u.1", folder, FUZZ_PID);
	snprintf(base, sizeof(base), "%s/base", folder);
	snprintf(written, sizeof(written), "%s/written", folder);
	setenv("HEAPRING_DIR", folder, 1);
	atexit(clean_up);
}

static void replace(const char *path, const void *bytes, size_t count)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd < 0 || write(fd, bytes, count) != (ssize_t)count)
		abort();
	close(fd);
}

static void map_once(void)
{
	static void *page;
	int fd;

	if (page)
		return;
	fd = open(file, O_RDONLY | O_CLOEXEC);
	page = mmap(NULL, 1, PROT_READ, MAP_SHARED, fd, 0);
	if (page == MAP_FAILED)
		abort();
	close(fd);
}

void fuzz_commands_file(const void *bytes, size_t count)
{
	make_folder();
	replace(file, bytes, count);
	map_once();
}

void fuzz_commands_base(const void *bytes, size_t count)
{
	make_folder();
	replace(base, bytes, count);
}

static void add(struct arguments *arguments, const char *text)
{
	arguments->argv[arguments->argc++] = (char *)text;
}

static void add_flag(struct arguments *arguments, bool wanted, const char *option)
{
	if (wanted)
		add(arguments, option);
}

static const char *expression(uint8_t choice)
{
	static const char *const list[] = {
		".",  "^$",     "main",   "example",
		"0x", "[^a-z]", "x*y*z*", "truncated|overflow"
	};

	return list[choice % 8];
}

/* Two bytes of options that every view takes. */
static void add_view_options(struct arguments *arguments, const uint8_t *choice)
{
	static const char *const samples[] = { "inuse_space", "inuse_objects",
					       "alloc_space", "alloc_objects" };
	static const char *const filters[] = { "--focus", "--ignore", "--hide", "--show",
					       "--show-from" };
	static const char *const grains[] = { "--functions", "--lines", "--modules" };

	add(arguments, "--sample");
	add(arguments, samples[choice[0] % 4]);
	add(arguments, grains[(choice[0] >> 2) % 3]);
	add_flag(arguments, choice[0] & 16, "--by-thread");
	add_flag(arguments, choice[0] & 32, "--format=json");
	add_flag(arguments, choice[0] & 64, "--at=peak");
	if (choice[0] & 128) {
		add(arguments, filters[choice[1] % 5]);
		add(arguments, expression(choice[1] >> 3));
	}
	if (choice[1] & 64) {
		add(arguments, "--base");
		add(arguments, base);
		add_flag(arguments, choice[1] & 32, "--normalize");
	}
	add_flag(arguments, choice[1] & 128, "-n7");
}

static void add_export_format(struct arguments *arguments, uint8_t choice)
{
	static const char *const formats[] = { "pprof", "collapsed", "callgrind", "json",
					       "csv" };

	add(arguments, "--to");
	add(arguments, formats[choice % 5]);
}

static void add_targets(struct arguments *arguments, const struct command *command,
			uint8_t choice)
{
	if (command == &cmd_peek || command == &cmd_list)
		add(arguments, expression(choice));
	if (command == &cmd_diff)
		add(arguments, base);
	add(arguments, choice & 8 ? "4000000" : file);
}

static void check_status(const struct command *command, int status)
{
	if (status >= 0 && status <= 4)
		return;
	fprintf(stderr, "%s returned %d\n", command->name, status);
	abort();
}

static void run(const struct command *command, struct arguments *arguments)
{
	check_status(command, command->run(command, arguments->argc, arguments->argv));
}

void fuzz_commands_run(const uint8_t *choice)
{
	unsigned number = choice[0] % (VIEWS + OTHERS);
	struct arguments arguments = { 0 };
	const struct command *command =
		number < VIEWS ? views[number] : others[number - VIEWS];

	add(&arguments, command->name);
	if (number < VIEWS)
		add_view_options(&arguments, choice + 1);
	add_flag(&arguments, command == &cmd_top && (choice[3] & 16), "--cum");
	add_flag(&arguments, command == &cmd_ps && (choice[3] & 32), "--format=json");
	add_flag(&arguments, command == &cmd_ps && (choice[3] & 64), "--tree");
	if (command == &cmd_export)
		add_export_format(&arguments, choice[3] >> 4);
	if (command == &cmd_export || command == &cmd_flame || command == &cmd_dump) {
		add(&arguments, "-o");
		add(&arguments, written);
	}
	if (command != &cmd_ps)
		add_targets(&arguments, command, choice[3]);
	run(command, &arguments);
	if (command == &cmd_export || command == &cmd_dump) /* what we write, we read */
		check_status(&cmd_top, cmd_top.run(&cmd_top, 2,
						   (char *[]){ "top", written, NULL }));
	unlink(written);
}
