/*
 * late - load a library when it is asked for
 */
#include "pipeline/base/late.h"

#include <dlfcn.h>
#include <errno.h>

#include "pipeline/base/say.h"

int late_load(const char *library, const char *const *names, void **slots, size_t n)
{
	void *handle = dlopen(library, RTLD_NOW | RTLD_LOCAL);

	for (size_t i = 0; handle != NULL && i < n; i++) {
		slots[i] = dlsym(handle, names[i]);
		if (slots[i] == NULL)
			handle = NULL;
	}
	if (handle != NULL)
		return 0;
	say_error("%s: cannot be loaded: %s; install it", library, dlerror());
	return -ENOENT;
}
