/*
 * stress_rows - rows looked up while other threads flush them
 *
 * The rows of real code, looked up by many threads, never differ from what one
 * thread alone computed, whatever another thread flushes meanwhile.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arch.h"
#include "preload/unwind/modules.h"
#include "preload/unwind/rows.h"
#include "stress.h"

#define THREADS 4u
#define PLACES 2000u
#define ROUNDS 60000u

static uintptr_t place[PLACES];
static row_t want[PLACES];

static void work(unsigned number)
{
	uint64_t random = number;

	for (unsigned i = 0; i < ROUNDS; i++) {
		unsigned p = stress_random(&random) % PLACES;

		stress_equal("a row", rows_find(place[p]), want[p]);
		if (number == 0 && i % 3000 == 0) {
			modules_unload_begin();
			modules_unload_end();
		}
	}
}

int main(void)
{
	uint64_t random = 1;

	/* no table yet: computed each time */
	for (unsigned p = 0; p < PLACES; p++) {
		place[p] =
			(uintptr_t)(p % 2 == 0 ? (void *)qsort : (void *)printf) +
			(stress_random(&random) % 4000 >> ARCH_PC_SHIFT << ARCH_PC_SHIFT);
		want[p] = rows_find(place[p]);
	}
	if (!rows_init())
		return 2;
	stress_run(THREADS, work);
	return 0;
}
