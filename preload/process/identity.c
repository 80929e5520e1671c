#include "preload/process/identity.h"

#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "preload/platform/os_linux.h"
#include "preload/platform/text.h"
#include "preload/process/process.h"

#define ENVIRONMENT_BYTES 65536u

static const char *value_of(const char *entry, const char *name)
{
	size_t len = strlen(name);

	return strncmp(entry, name, len) == 0 && entry[len] == '=' ? entry + len + 1
								   : NULL;
}

static const char *kernel_getenv(const char *name)
{
	static char copy[ENVIRONMENT_BYTES];
	static size_t len;
	const char *found;

	if (len == 0)
		len = os_read_file("/proc/self/environ", copy, sizeof copy - 1);
	for (const char *at = copy; at < copy + len; at += strlen(at) + 1)
		if ((found = value_of(at, name)) != NULL)
			return found;
	return NULL;
}

const char *identity_getenv(const char *name)
{
	const char *found;

	if (environ == NULL) /* libc has not been initialised yet */
		return kernel_getenv(name);
	for (char **entry = environ; *entry != NULL; entry++)
		if ((found = value_of(*entry, name)) != NULL)
			return found;
	return NULL;
}

/* The array is replaced, not extended: the kernel's own has no room. */
void identity_mark(void)
{
	static char mark[] = IDENTITY_MARK "=1";
	char **marked;
	size_t n = 0;

	if (environ == NULL || identity_getenv(IDENTITY_MARK) != NULL)
		return;
	while (environ[n] != NULL)
		n++;
	marked = os_reserve((n + 2) * sizeof *marked, false);
	if (marked == NULL)
		return;
	memcpy(marked, environ, n * sizeof *marked);
	marked[n] = mark;
	environ = marked;
}

void identity_exe(char *path, size_t bytes)
{
	const char *executed = (const char *)getauxval(AT_EXECFN);
	struct text text = text_into(path, bytes);

	if (process_sandboxed()) {
		text_str(&text, executed != NULL ? executed : "");
		return;
	}
	if (os_read_link("/proc/self/exe", path, bytes) > 0 || executed == NULL)
		return;
	if (*executed != '/' && os_getcwd(path, bytes / 2) > 0) {
		text.at += strlen(path);
		text_char(&text, '/');
	}
	text_str(&text, executed);
}

void identity_program(char *name, size_t bytes)
{
	char path[HR_EXE];
	struct text text = text_into(name, bytes);
	const char *slash;

	identity_exe(path, sizeof path);
	slash = strrchr(path, '/');
	text_str(&text, slash == NULL ? path : slash + 1);
}

void identity_output(char *path, size_t bytes, const char *pattern)
{
	struct text text = text_into(path, bytes);
	char program[64];

	for (; *pattern != '\0'; pattern++) {
		if (pattern[0] == '%' && pattern[1] == 'p') {
			text_u64(&text, os_pid());
			pattern++;
		} else if (pattern[0] == '%' && pattern[1] == 'e') {
			identity_program(program, sizeof program);
			text_str(&text, program);
			pattern++;
		} else {
			text_char(&text, *pattern);
		}
	}
}
