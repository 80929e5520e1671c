/*
 * throws - C++ exceptions through frames that allocate
 */
#include <string>

#include "tests/torture/torture.h"

namespace
{

struct guard {
	void *block;

	explicit guard(size_t size) : block(churned(size))
	{
	}
	~guard()
	{
		release(block);
	}
	guard(const guard &) = delete;
	guard &operator=(const guard &) = delete;
};

__attribute__((noinline)) void descend(uint64_t *random, uint32_t depth)
{
	guard held(24 + random_below(random, 200));

	if (depth == 0)
		throw std::string(100, 'x');
	descend(random, depth - 1);
	__asm__ volatile("");
}

} // namespace

void throw_and_catch(uint64_t *random, uint32_t depth)
{
	try {
		descend(random, depth);
	} catch (const std::string &text) {
		if (text.size() == 100)
			return;
	}
	broken("an exception");
}
