#include "analyzer/guard/guard_files.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analyzer/segment/segment_copy.h"

/* Numbers that another guard of the same process used are passed over. */
static char *next_name(struct guard_files *files, uint32_t pid, const char *reason)
{
	char *path = NULL;
	bool is_taken;

	do {
		free(path);
		files->written++;
		if (asprintf(&path, "%s/guard.%u.%03u.%s.dump", files->folder, pid,
			     files->written, reason) < 0)
			return NULL;
		is_taken = access(path, F_OK) == 0;
	} while (is_taken && files->written < UINT32_MAX);
	return path;
}

static uint64_t bytes_of(const struct guard_files *files)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < files->count; i++)
		sum += files->files[i].bytes;
	return sum;
}

static void drop_oldest(struct guard_files *files)
{
	unlink(files->files[0].path);
	free(files->files[0].path);
	files->count--;
	memmove(&files->files[0], &files->files[1],
		files->count * sizeof(files->files[0]));
}

static bool remember(struct guard_files *files, char *path, uint64_t bytes)
{
	struct guard_file *grown =
		realloc(files->files, (files->count + 1) * sizeof(*grown));

	if (!grown)
		return false;
	files->files = grown;
	files->files[files->count++] = (struct guard_file){ path, bytes };
	while (files->count > 1 &&
	       ((long)files->count > files->keep || bytes_of(files) > files->keep_bytes))
		drop_oldest(files);
	return true;
}

int guard_files_add(struct guard_files *files, const struct target *target,
		    const char *reason, const char **ret_path, uint64_t *ret_bytes,
		    struct fault *fault)
{
	char *path = next_name(files, target->header.pid, reason);
	int r = -ENOMEM;

	if (path)
		r = segment_copy(target, path, ret_bytes, fault);
	if (r == 0 && remember(files, path, *ret_bytes)) {
		*ret_path = path;
		return 0;
	}
	if (r == 0)
		unlink(path);
	if (!path || r == 0)
		r = fault_set(fault, FAULT_INPUT, -ENOMEM, "out of memory for a dump");
	free(path);
	return r;
}

void guard_files_done(struct guard_files *files)
{
	for (size_t i = 0; i < files->count; i++)
		free(files->files[i].path);
	free(files->files);
	files->files = NULL;
	files->count = 0;
}
