/*
 * truth_cxx - a C++ program that knows what each of its functions allocated
 *
 * Every form of operator new and delete, freed by their own and by other forms
 * that the standard allows, from one thread and from another. Prints the truth
 * as JSON (see ledger.h).
 * Usage: truth_cxx
 */
#include <cstdint>
#include <cstdlib>
#include <new>
#include <thread>

#include "tests/whole/ledger.h"

namespace forms
{

using std::align_val_t;
using std::nothrow;

void *plain(std::size_t size)
{
	return ledger_add("forms::plain", ::operator new(size), size);
}

void *array(std::size_t size)
{
	return ledger_add("forms::array", ::operator new[](size), size);
}

void *plain_nothrow(std::size_t size)
{
	return ledger_add("forms::plain_nothrow", ::operator new(size, nothrow), size);
}

void *array_nothrow(std::size_t size)
{
	return ledger_add("forms::array_nothrow", ::operator new[](size, nothrow), size);
}

void *plain_aligned(std::size_t size)
{
	return ledger_add("forms::plain_aligned", ::operator new(size, align_val_t(64)),
			  size);
}

void *array_aligned(std::size_t size)
{
	return ledger_add("forms::array_aligned",
			  ::operator new[](size, align_val_t(256)), size);
}

void *plain_aligned_nothrow(std::size_t size)
{
	return ledger_add("forms::plain_aligned_nothrow",
			  ::operator new(size, align_val_t(64), nothrow), size);
}

void *array_aligned_nothrow(std::size_t size)
{
	return ledger_add("forms::array_aligned_nothrow",
			  ::operator new[](size, align_val_t(256), nothrow), size);
}

void *by_malloc(std::size_t size)
{
	return ledger_add("forms::by_malloc", std::malloc(size), size);
}

} // namespace forms

using allocate_fn = void *(std::size_t);
using release_fn = void(void *, std::size_t);

static void release_plain(void *block, std::size_t)
{
	::operator delete(ledger_remove(block));
}

static void release_array(void *block, std::size_t)
{
	::operator delete[](ledger_remove(block));
}

static void release_sized(void *block, std::size_t size)
{
	::operator delete(ledger_remove(block), size);
}

static void release_array_sized(void *block, std::size_t size)
{
	::operator delete[](ledger_remove(block), size);
}

static void release_nothrow(void *block, std::size_t)
{
	::operator delete(ledger_remove(block), std::nothrow);
}

static void release_array_nothrow(void *block, std::size_t)
{
	::operator delete[](ledger_remove(block), std::nothrow);
}

static void release_aligned(void *block, std::size_t)
{
	::operator delete(ledger_remove(block), std::align_val_t(64));
}

static void release_array_aligned(void *block, std::size_t)
{
	::operator delete[](ledger_remove(block), std::align_val_t(256));
}

static void release_aligned_sized(void *block, std::size_t size)
{
	::operator delete(ledger_remove(block), size, std::align_val_t(64));
}

static void release_array_aligned_sized(void *block, std::size_t size)
{
	::operator delete[](ledger_remove(block), size, std::align_val_t(256));
}

static void release_aligned_nothrow(void *block, std::size_t)
{
	::operator delete(ledger_remove(block), std::align_val_t(64), std::nothrow);
}

static void release_array_aligned_nothrow(void *block, std::size_t)
{
	::operator delete[](ledger_remove(block), std::align_val_t(256), std::nothrow);
}

static void release_free(void *block, std::size_t)
{
	std::free(ledger_remove(block));
}

struct pair {
	allocate_fn *allocate;
	release_fn *release;
};

static const pair pairs[] = {
	{ forms::plain, release_plain },
	{ forms::plain, release_sized },
	{ forms::array, release_array },
	{ forms::array, release_array_sized },
	{ forms::plain_nothrow, release_plain },
	{ forms::plain_nothrow, release_nothrow },
	{ forms::array_nothrow, release_array },
	{ forms::array_nothrow, release_array_nothrow },
	{ forms::plain_aligned, release_aligned },
	{ forms::plain_aligned, release_aligned_sized },
	{ forms::array_aligned, release_array_aligned },
	{ forms::array_aligned, release_array_aligned_sized },
	{ forms::plain_aligned_nothrow, release_aligned_nothrow },
	{ forms::array_aligned_nothrow, release_array_aligned_nothrow },
	{ forms::by_malloc, release_free },
};

static void every_form(std::size_t step)
{
	for (const pair &p : pairs) {
		for (std::size_t size = 1; size < 5000; size += step)
			p.release(p.allocate(size), size);
		p.allocate(1000 + step); // stays
	}
}

// Blocks of one thread that another one frees.
static void across_threads()
{
	constexpr std::size_t each = 50;
	static void *blocks[sizeof pairs / sizeof *pairs][each];

	std::thread([] {
		for (std::size_t p = 0; p < sizeof pairs / sizeof *pairs; p++)
			for (std::size_t i = 0; i < each; i++)
				blocks[p][i] = pairs[p].allocate(24 + i);
	}).join();
	for (std::size_t p = 0; p < sizeof pairs / sizeof *pairs; p++)
		for (std::size_t i = 0; i < each; i += 2)
			pairs[p].release(blocks[p][i], 24 + i);
}

int main()
{
	every_form(37);
	every_form(501);
	across_threads();
	ledger_print();
}
