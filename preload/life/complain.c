/*
 * complain - by the time there is something to say, descriptor 2 may be anything
 *
 * A daemon closes it, and the next file that it opens is descriptor 2: a database. So
 * what it was at the start is remembered across fork. A pipe that nobody empties would
 * hang the program, and one that nobody reads would end it: the first is asked for
 * before, the signal is os_write_all()'s business.
 *
 * A server whose children cannot be profiled (chroot, /dev/shm full) makes thousands of
 * them: the one that comes first tells for all, and their number is in the segment.
 */
#include "preload/life/complain.h"

#include <stdbool.h>
#include <string.h>

#include "preload/platform/os_linux.h"
#include "preload/platform/text.h"

static struct os_file began_with; /* all zero: there was none */
static uint32_t *noted;

void complain_begin(void)
{
	if (!os_file_of(2, &began_with))
		began_with = (struct os_file){ 0, 0 };
}

void complain_once(uint32_t *told)
{
	noted = told;
}

static bool is_wanted(void)
{
	struct os_file now;

	/* counted even where nobody reads the line */
	if (noted != NULL && __atomic_fetch_add(noted, 1, __ATOMIC_RELAXED) != 0)
		return false;
	return began_with.inode != 0 && os_file_of(2, &now) &&
	       now.inode == began_with.inode && now.device == began_with.device &&
	       os_writes_at_once(2);
}

void complain_parts(const char *const parts[])
{
	char line[1024];
	struct text text = text_into(line, sizeof line);

	if (!is_wanted())
		return;
	text_str(&text, "heapring: ");
	for (; *parts != NULL; parts++)
		text_str(&text, *parts);
	text_char(&text, '\n');
	os_write_all(2, line, (size_t)(text.at - line));
}

const char *complain_error(int error)
{
	/* neither allocates for an error that it knows */
#ifdef __GLIBC__
	const char *name = strerrordesc_np(-error);
#else
	const char *name = strerror(-error);
#endif

	return name != NULL ? name : "unknown error";
}
