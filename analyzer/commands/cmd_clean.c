/*
 * cmd_clean - remove the segments of processes that ended
 *
 * Whether a process lives is asked of the kernel (does it map the file?) and not
 * of the segment, so a damaged segment or one whose header was never written
 * can be removed too, and the segment of a live process never is. A
 * segment younger than a minute without a header may belong to a process that is
 * just starting and has not mapped it yet: it stays.
 */
#include "analyzer/commands/commands.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "analyzer/console/units.h"
#include "analyzer/segment/target.h"

#define STARTING_S 60

struct clean {
	uint64_t older_ns;
	bool dry_run;
	bool keep_killed;
	unsigned removed, failed;
	uint64_t bytes;
};

static bool set_age(void *to, const char *value)
{
	return units_parse_age(value, to);
}

static bool is_old_enough(const struct stat *st, uint64_t older_ns, bool has_header)
{
	double age = difftime(time(NULL), st->st_mtime);

	if (!has_header && age < STARTING_S)
		return false;
	return age * 1e9 >= (double)older_ns;
}

/* May this segment go? */
static bool is_wanted(const struct clean *clean, const struct segment_name *name,
		      const struct stat *st)
{
	struct target target;
	struct fault ignored;
	enum segment_life life = SEGMENT_EXITED;
	bool has_header = target_open_segment(name->path, &target, &ignored) == 0;

	if (has_header) {
		life = target.life;
		target_close(&target);
	}
	if (life == SEGMENT_LIVE || segment_is_mapped(name->pid, name->path))
		return false;
	if (life == SEGMENT_KILLED && clean->keep_killed)
		return false;
	return is_old_enough(st, clean->older_ns, has_header);
}

static void consider(struct clean *clean, const struct segment_name *name)
{
	struct stat st;

	if (lstat(name->path, &st) != 0 || !S_ISREG(st.st_mode))
		return;
	if (st.st_uid != geteuid() && geteuid() != 0)
		return; /* another user's */
	if (!is_wanted(clean, name, &st))
		return;
	if (clean->dry_run) {
		printf("%s\n", name->path);
	} else if (unlink(name->path) != 0) {
		fprintf(stderr, "heapring: cannot remove %s: %s\n", name->path,
			strerror(errno));
		clean->failed++;
		return;
	}
	clean->removed++;
	clean->bytes += (uint64_t)st.st_blocks * 512;
}

static int clean_all(struct clean *clean)
{
	struct segment_name *names;
	struct fault fault;
	size_t count;

	if (segment_dir_list(segment_dir_path(), &names, &count, &fault) < 0)
		return fault_print(&fault);
	for (size_t i = 0; i < count; i++)
		consider(clean, &names[i]);
	free(names);
	fprintf(stderr, "heapring: %s %s, %s\n",
		clean->dry_run ? "would remove" : "removed",
		units_counted(clean->removed, "segment").text,
		units_bytes(clean->bytes).text);
	return clean->failed ? FAULT_INPUT : 0;
}

static int run(const struct command *command, int argc, char **argv)
{
	struct clean clean = { 0 };
	const struct option_spec own[] = {
		{ "older", 0, "AGE",
		  "only those last written that long ago: 90s, 15m, 7d", set_age,
		  &clean.older_ns },
		{ "keep-killed", 0, NULL, "keep those of processes that were killed",
		  option_set_true, &clean.keep_killed },
		{ "dry-run", 'n', NULL, "only print what would be removed",
		  option_set_true, &clean.dry_run },
		{ NULL },
	};
	struct options options = { .command = command, .tables = { own } };
	int first, status;

	return options_ready(&options, argc, argv, &first, &status) ? clean_all(&clean)
								    : status;
}

const struct command cmd_clean = {
	.name = "clean",
	.arguments = "[OPTION...]",
	.summary = "Remove the segments of processes that ended",
	.help = "Segments of running processes and of other users are never touched.",
	.run = run,
};
