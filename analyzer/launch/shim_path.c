/*
 * shim_path - where libheapring.so is
 */
#include "analyzer/launch/shim_path.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Relative to the folder of the executable; the last is absolute. */
static const char *const places[] = {
	"/../preload/libheapring.so",
	"/../" HEAPRING_LIBDIR "/heapring/libheapring.so",
	"/../lib/heapring/libheapring.so",
};

int shim_path_find(char *path, size_t room, struct fault *fault)
{
	static const char *const fallback =
		HEAPRING_PREFIX_DIR "/" HEAPRING_LIBDIR "/heapring/libheapring.so";
	char self[PATH_MAX], candidate[PATH_MAX + 128], real[PATH_MAX];
	ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - 1);
	char *slash;

	self[length > 0 ? length : 0] = '\0';
	slash = strrchr(self, '/');
	if (slash)
		*slash = '\0';
	for (size_t i = 0; slash && i < sizeof(places) / sizeof(places[0]); i++) {
		snprintf(candidate, sizeof(candidate), "%s%s", self, places[i]);
		if (realpath(candidate, real) && strlen(real) < room) {
			strcpy(path, real);
			return 0;
		}
	}
	if (access(fallback, R_OK) == 0 && strlen(fallback) < room) {
		strcpy(path, fallback);
		return 0;
	}
	return fault_set(
		fault, FAULT_TARGET, -ENOENT,
		"libheapring.so is neither beside %s/heapring nor at %s; build or "
		"install heapring again",
		self, fallback);
}
