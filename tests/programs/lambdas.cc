/*
 * lambdas - allocations in functions that gcc gives no linkage name
 *
 * run_symbols.py knows the lines.
 */
#include <cstdlib>

void *volatile kept;

template <class F> static inline void call(F f)
{
	f();
}

namespace
{
struct Shelf {
	template <class F> void each(F f)
	{
		f();
	}
	void fill()
	{
		each([] { kept = malloc(1000); });
	}
};
} // namespace

int main()
{
	struct Local {
		void add()
		{
			kept = malloc(4000);
		}
	};
	call([] { kept = malloc(100); });
	call([] { kept = malloc(200); });
	Shelf().fill();
	Local().add();
	return 0;
}
