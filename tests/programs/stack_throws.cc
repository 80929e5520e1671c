/*
 * stack_throws - C++ frames of the stacks program: exceptions thrown through
 * frames of every flavour, destructors that allocate while a stack unwinds
 */
#include <memory>
#include <string>
#include <vector>

#include "stacks.h"

namespace
{

struct thrown {
	std::string why;
};

struct guard {
	struct plan *plan;
	std::vector<char> held;

	guard(struct plan *p) : plan(p), held(1 + stacks_random(p, 100))
	{
	}
	~guard()
	{
		stacks_take(plan, new char[16]);
	}
};

int guarded(struct plan *plan, unsigned depth)
{
	guard g(plan);

	return stacks_next(plan, depth) + stacks_next(plan, depth);
}

int catches(struct plan *plan, unsigned depth)
{
	int sum = 0;
	jmp_buf *landing = plan->landing;

	/* a longjmp over a destructor or a catch is undefined */
	plan->landing = nullptr;
	plan->catchers++;
	try {
		guard g(plan);

		sum = stacks_next(plan, depth);
	} catch (const thrown &t) {
		sum = (int)t.why.size();
		stacks_take(plan, new char[33]);
		plan->catchers--;
		sum += stacks_next(plan, depth);
		plan->catchers++;
	}
	plan->catchers--;
	plan->landing = landing;
	return sum;
}

int throws(struct plan *plan, unsigned depth)
{
	auto text = std::make_unique<std::string>(40, 'x');

	/* not out of a signal handler, a coroutine, or past a setjmp that is on */
	if (plan->catchers > 0 && plan->landing == nullptr && plan->signals == 0 &&
	    plan->coroutines == 0 && stacks_random(plan, 2) == 0)
		throw thrown{ *text };
	return stacks_next(plan, depth) + (int)text->size();
}

int rethrows(struct plan *plan, unsigned depth)
{
	try {
		return stacks_next(plan, depth) + 1;
	} catch (thrown &) {
		stacks_take(plan, new char[5]);
		throw;
	}
}

} // namespace

extern "C" {
extern stacks_frame *const stacks_cxx[STACKS_KINDS];
stacks_frame *const stacks_cxx[STACKS_KINDS] = {
	guarded, catches, throws,  rethrows, guarded, catches, throws,  rethrows,
	guarded, catches, catches, throws,   throws,  guarded, catches, throws,
};
}
