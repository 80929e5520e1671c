/*
 * output_file - a file that appears under its name when it is complete
 */
#include "analyzer/console/output_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int cannot_write(const char *name, struct fault *fault)
{
	return fault_set(fault, FAULT_INPUT, -errno, "cannot write %s: %s", name,
			 strerror(errno));
}

static bool is_special(const char *name)
{
	struct stat st;

	return stat(name, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode);
}

static int open_beside(struct output_file *file)
{
	mode_t mask = umask(0);
	int fd;

	umask(mask);
	if (snprintf(file->written, sizeof(file->written), "%s.XXXXXX", file->name) >=
	    (int)sizeof(file->written)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	fd = mkostemp(file->written, O_CLOEXEC);
	if (fd >= 0 && fchmod(fd, 0666 & ~mask) == 0)
		file->stream = fdopen(fd, "w");
	if (fd >= 0 && !file->stream)
		close(fd);
	return file->stream ? 0 : -1;
}

int output_file_open(const char *name, struct output_file *ret_file, struct fault *fault)
{
	struct output_file file = { .name = name };

	if (strcmp(name, "-") == 0)
		file.stream = stdout;
	else if (is_special(name))
		file.stream = fopen(name, "we");
	else if (open_beside(&file) < 0)
		return cannot_write(name, fault);
	if (!file.stream)
		return cannot_write(name, fault);
	*ret_file = file;
	return 0;
}

int output_file_commit(struct output_file *file, struct fault *fault)
{
	bool good = fflush(file->stream) == 0 && !ferror(file->stream);
	int r = 0;

	if (file->stream != stdout)
		good = fclose(file->stream) == 0 && good;
	file->stream = NULL;
	if (good && *file->written)
		good = rename(file->written, file->name) == 0;
	if (!good)
		r = cannot_write(file->name, fault);
	if (!good && *file->written)
		unlink(file->written);
	return r;
}

void output_file_abort(struct output_file *file)
{
	if (file->stream && file->stream != stdout)
		fclose(file->stream);
	file->stream = NULL;
	if (*file->written)
		unlink(file->written);
}
