#include "preload/platform/coarse_clock.h"

#include <stddef.h>
#include <sys/auxv.h>
#include <time.h>

#include "preload/platform/os_linux.h"

#define TRIES 4u /* a tick may come between two looks */
#define PAGES 8u

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

/* The kernel's pages lie below its code, four to six of them, and the time in one of
 * those that can be read. */
void coarse_clock_find(void)
{
	size_t page_bytes = getauxval(AT_PAGESZ);
	const char *code = (const char *)getauxval(AT_SYSINFO_EHDR);

	for (unsigned i = PAGES; i > 0 && code != NULL && !coarse_clock_found(); i--) {
		const void *page = code - i * page_bytes;

		if (os_readable(page))
			use(find_among(page, (uint32_t)(page_bytes / sizeof(uint64_t))));
	}
}

void coarse_clock_check(void)
{
	use(find_among(coarse_clock_words, 2));
}

bool coarse_clock_found(void)
{
	return coarse_clock_words != still;
}
