#include "preload/platform/coarse_clock.h"

#include <stddef.h>
#include <string.h>
#include <sys/auxv.h>
#include <time.h>

#include "preload/platform/lines.h"

#define TRIES 4u /* a tick may come between two looks */
#define FIELDS_TO_NAME 5u

static const uint64_t still[2];
const volatile uint64_t *coarse_clock_words = still;

const volatile uint64_t *coarse_clock_among(const volatile uint64_t *page, uint32_t words,
					    uint64_t seconds, uint64_t nanoseconds)
{
	const volatile uint64_t *found = NULL;

	for (uint32_t i = 0; i + 1 < words; i++) {
		if (page[i] != seconds || page[i + 1] != nanoseconds)
			continue;
		if (found != NULL)
			return NULL;
		found = &page[i];
	}
	return found;
}

/* "from-to perms offset device inode   [vvar]": its first page holds the time; those
 * behind it may be none that can be read. */
static void take_line(void *arg, const char *line)
{
	const volatile uint64_t **page = arg;
	uint64_t from;
	const char *at = line;

	lines_number(line, 16, &from);
	for (unsigned i = 0; i < FIELDS_TO_NAME; i++)
		at = lines_field(at);
	if (strcmp(at, "[vvar]") == 0)
		*page = (const volatile uint64_t *)(uintptr_t)from;
}

static const volatile uint64_t *find_among(const volatile uint64_t *page, uint32_t words)
{
	const volatile uint64_t *found = NULL;
	struct timespec now;

	for (unsigned i = 0; i < TRIES && found == NULL; i++) {
		clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
		found = coarse_clock_among(page, words, (uint64_t)now.tv_sec,
					   (uint64_t)now.tv_nsec);
	}
	return found;
}

static void use(const volatile uint64_t *found)
{
	coarse_clock_words = found != NULL ? found : still;
}

void coarse_clock_find(void)
{
	const volatile uint64_t *page = NULL;

	if (lines_each("/proc/self/maps", take_line, &page) && page != NULL)
		use(find_among(page, (uint32_t)(getauxval(AT_PAGESZ) / sizeof *page)));
}

void coarse_clock_check(void)
{
	use(find_among(coarse_clock_words, 2));
}

bool coarse_clock_found(void)
{
	return coarse_clock_words != still;
}
