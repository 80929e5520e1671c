/*
 * test_resident - the contract in preload/life/resident.h
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>
#include <sys/mman.h>

#include "preload/life/resident.h"
#include "preload/platform/os_linux.h"

#define BYTES ((size_t)64 << 20)
#define SLACK ((uint64_t)8 << 20) /* what else the test touches meanwhile */

Test(resident, what_the_program_touched_counts)
{
	uint64_t before = resident_heap();
	char *mem = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			 -1, 0);

	cr_assert(mem != MAP_FAILED);
	cr_assert(gt(u64, before, 0));
	memset(mem, 1, BYTES / 2);
	cr_expect(ge(u64, resident_heap(), before + BYTES / 2));
	cr_expect(lt(u64, resident_heap(), before + BYTES / 2 + SLACK));
}

Test(resident, what_the_profiler_touched_does_not)
{
	uint64_t before = resident_heap();
	char *mem = os_reserve(BYTES, true);

	cr_assert(mem != NULL);
	memset(mem, 1, BYTES);
	cr_expect(lt(u64, resident_heap(), before + SLACK));
}
