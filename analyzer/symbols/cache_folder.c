/*
 * cache_folder - where heapring keeps what it can find again
 *
 * A file's last use is its time of change: readers touch what they use, because
 * access times are often not kept.
 */
#include "analyzer/symbols/cache_folder.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct kept_file {
	char name[NAME_MAX + 1];
	struct timespec used;
	uint64_t bytes;
};

static bool parent_name(char *name, size_t room)
{
	const char *off = getenv("HEAPRING_CACHE"), *cache = getenv("XDG_CACHE_HOME"),
		   *home = getenv("HOME");

	if (off && strcmp(off, "0") == 0)
		return false;
	if (cache && *cache == '/')
		return snprintf(name, room, "%s", cache) < (int)room;
	return home && *home == '/' &&
	       snprintf(name, room, "%s/.cache", home) < (int)room;
}

int cache_folder_open(bool make)
{
	char parent[PATH_MAX - 16], name[PATH_MAX];
	struct stat st;
	int fd;

	if (!parent_name(parent, sizeof(parent)))
		return -1;
	snprintf(name, sizeof(name), "%s/heapring", parent);
	if (make) {
		mkdir(parent, 0700);
		mkdir(name, 0700);
	}
	fd = open(name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -1;
	if (fstat(fd, &st) == 0 && st.st_uid == geteuid() && (st.st_mode & 022) == 0)
		return fd;
	close(fd);
	return -1;
}

/* False past the last. */
static bool next_file(DIR *stream, struct kept_file *ret_file)
{
	struct dirent *entry;
	struct stat st;

	while ((entry = readdir(stream)) != NULL) {
		if (fstatat(dirfd(stream), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) !=
			    0 ||
		    !S_ISREG(st.st_mode))
			continue;
		snprintf(ret_file->name, sizeof(ret_file->name), "%s", entry->d_name);
		ret_file->used = st.st_mtim;
		ret_file->bytes = (uint64_t)st.st_size;
		return true;
	}
	return false;
}

static uint32_t list(int folder, struct kept_file **ret_files)
{
	struct kept_file *files = NULL, file;
	int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *stream = fd >= 0 ? fdopendir(fd) : NULL;
	uint32_t count = 0, room = 0;

	while (stream && next_file(stream, &file)) {
		if (count == room) {
			uint32_t more = room ? room * 2 : 64;
			struct kept_file *grown = realloc(files, more * sizeof(*grown));

			if (!grown)
				break;
			files = grown;
			room = more;
		}
		files[count++] = file;
	}
	if (stream)
		closedir(stream);
	else if (fd >= 0)
		close(fd);
	*ret_files = files;
	return count;
}

static int newest_first(const void *a, const void *b)
{
	const struct timespec *x = &((const struct kept_file *)a)->used;
	const struct timespec *y = &((const struct kept_file *)b)->used;

	if (x->tv_sec != y->tv_sec)
		return x->tv_sec < y->tv_sec ? 1 : -1;
	return (x->tv_nsec < y->tv_nsec) - (x->tv_nsec > y->tv_nsec);
}

void cache_folder_bound(int folder, uint64_t bytes_max)
{
	struct kept_file *files;
	uint32_t count = list(folder, &files);
	uint64_t bytes = 0;

	if (count > 0)
		qsort(files, count, sizeof(*files), newest_first);
	for (uint32_t i = 0; i < count; i++) {
		bytes += files[i].bytes;
		if (bytes > bytes_max)
			unlinkat(folder, files[i].name, 0);
	}
	free(files);
}
