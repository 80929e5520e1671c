/*
 * test_modules - objects that go without a word
 *
 * The loader is this file: an object is a piece of memory, mapped or not.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "preload/unwind/modules.h"
#include "shim_fixture.h"

#define OBJECTS 3u
#define BYTES 8192u

static _Alignas(4096) char memory[2 * BYTES];
static struct {
	bool mapped;
	char *start, *end;
} objects[OBJECTS] = {
	{ false, memory, memory + BYTES },
	{ false, memory + BYTES / 2, memory + 2 * BYTES }, /* over the first one's end */
	{ false, memory + BYTES, memory + 2 * BYTES },
};

static int object_at(uintptr_t pc)
{
	for (unsigned i = 0; i < OBJECTS; i++)
		if (objects[i].mapped && (char *)pc >= objects[i].start &&
		    (char *)pc < objects[i].end)
			return (int)i;
	return -1;
}

bool os_module_at(uintptr_t pc, struct module_view *ret_view)
{
	int i = object_at(pc);

	if (i < 0)
		return false;
	*ret_view = (struct module_view){ .start = (uintptr_t)objects[i].start,
					  .end = (uintptr_t)objects[i].end,
					  .name = "/object",
					  .identity = &objects[i] };
	return true;
}

bool os_module_is(uintptr_t pc, const void *identity, const void *eh_frame_hdr)
{
	int i = object_at(pc);

	(void)eh_frame_hdr;
	return i >= 0 && identity == &objects[i];
}

static uint16_t find(unsigned i)
{
	return modules_find((uintptr_t)objects[i].end - 8, NULL);
}

static void begin(void)
{
	fixture_segment(8 << 20);
	objects[0].mapped = true;
	cr_assert(eq(int, find(0), 1));
}

Test(modules, what_is_mapped_keeps_its_record_and_the_generation, .init = begin)
{
	uint32_t generation = modules_generation();

	modules_check(1000);
	modules_check(2000);
	cr_expect(eq(int, find(0), 1));
	cr_expect(eq(u32, modules_generation(), generation));
}

Test(modules, an_object_that_is_gone_is_noticed_once, .init = begin)
{
	uint32_t generation = modules_generation();

	modules_check(1000);
	objects[0].mapped = false;
	modules_check(1100);
	cr_expect(eq(u32, modules_generation(), generation), "not yet its turn");
	modules_check(1300);
	cr_expect(eq(u32, modules_generation(), generation + 1));
	modules_check(1600);
	modules_check(1900);
	cr_expect(eq(u32, modules_generation(), generation + 1));
}

Test(modules, an_object_over_another_ones_place_tells_that_it_went, .init = begin)
{
	uint32_t generation = modules_generation();

	objects[0].mapped = false;
	objects[1].mapped = true;
	cr_expect(eq(int, find(1), 2));
	cr_expect(gt(u32, modules_generation(), generation));
}

Test(modules, an_object_beside_another_one_tells_nothing, .init = begin)
{
	uint32_t generation = modules_generation();

	objects[2].mapped = true;
	cr_expect(eq(int, find(2), 2));
	cr_expect(eq(u32, modules_generation(), generation));
}

Test(modules, nothing_is_cached_while_an_object_is_unloaded, .init = begin)
{
	uint32_t generation = modules_generation();

	cr_expect(modules_settled());
	modules_unload_begin();
	cr_expect(not(modules_settled()));
	modules_unload_begin();
	modules_unload_end();
	cr_expect(not(modules_settled()), "its destructor unloads another one");
	modules_unload_end();
	cr_expect(modules_settled());
	cr_expect(eq(u32, modules_generation(), generation + 4));
}
