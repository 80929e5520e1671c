// Known inlined frames: deep in outer in visible, and a method of a template in a
// namespace. Without headers, so that it compiles in no time in many ways.
extern "C" void *malloc(__SIZE_TYPE__);

static void *volatile keep;

static inline __attribute__((always_inline)) void deep(__SIZE_TYPE__ bytes)
{
	keep = malloc(bytes);
}

static inline __attribute__((always_inline)) void outer(__SIZE_TYPE__ bytes)
{
	deep(bytes + 1);
}

__attribute__((noinline)) void visible(__SIZE_TYPE__ bytes)
{
	outer(bytes);
	asm volatile("");
}

namespace shelf
{
template <class T> struct Box {
	__attribute__((noinline)) static void make(int count)
	{
		keep = malloc(count * sizeof(T));
		asm volatile("");
	}
};
} // namespace shelf

int main()
{
	visible(999);
	shelf::Box<double>::make(500);
	return 0;
}
