/*
 * allocator_frames - is a function part of the allocator, or its caller?
 *
 * Names of template classes hold arguments of any length, so a method is told by
 * how its name begins and ends.
 */
#include "analyzer/views/allocator_frames.h"

#include <stddef.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char *const names[] = {
	"malloc",
	"calloc",
	"realloc",
	"reallocarray",
	"memalign",
	"posix_memalign",
	"aligned_alloc",
	"valloc",
	"pvalloc",
	"operator new",
	"operator new[]",
	"__libc_malloc",
	"__libc_calloc",
	"__libc_realloc",
	"__libc_memalign",
	"__rust_alloc",
	"__rust_alloc_zeroed",
	"__rust_realloc",
	"__rdl_alloc",
	"__rdl_alloc_zeroed",
	"__rdl_realloc",
	"alloc::alloc::alloc",
	"alloc::alloc::alloc_zeroed",
	"alloc::alloc::realloc",
	"alloc::alloc::exchange_malloc",
	"alloc::boxed::box_new",
	"alloc::boxed::box_new_uninit",
	"hashbrown::raw::alloc::inner::do_alloc",
};

static const struct {
	const char *begin, *end; /* end: "" for any */
} methods[] = {
	{ "std::allocator<", ">::allocate" },
	{ "std::__new_allocator<", ">::allocate" },
	{ "__gnu_cxx::new_allocator<", ">::allocate" },
	{ "std::allocator_traits<std::allocator<", ">::allocate" },
	{ "__gnu_cxx::__alloc_traits<std::allocator<", ">::allocate" },
	{ "std::__1::allocator<", ">::allocate" },
	{ "std::__1::allocator_traits<std::__1::allocator<", ">::allocate" },
	{ "std::__1::__libcpp_allocate", "" },
	{ "std::__1::__libcpp_operator_new", "" },
	{ "__rustc::__rust_", "alloc" },
	{ "__rustc::__rdl_", "alloc" },
	{ "__rustc::__rust_alloc_zeroed", "" },
	{ "__rustc::__rdl_alloc_zeroed", "" },
	{ "<alloc::alloc::Global>::", "" },
	{ "alloc::alloc::Global::", "" },
	{ "<alloc::alloc::Global as core::alloc::Allocator>::", "" },
	{ "<alloc::alloc::Global as core::alloc::global::", "" },
	{ "<std::alloc::System as core::alloc::", "" },
	{ "std::sys::alloc::", "alloc" },
	{ "std::sys::alloc::", "alloc_zeroed" },
};

bool is_allocator_frame(const char *function)
{
	size_t length = strlen(function);

	for (size_t i = 0; i < COUNT(names); i++)
		if (strcmp(function, names[i]) == 0)
			return true;
	for (size_t i = 0; i < COUNT(methods); i++) {
		size_t begin = strlen(methods[i].begin), end = strlen(methods[i].end);

		if (length >= begin + end &&
		    memcmp(function, methods[i].begin, begin) == 0 &&
		    memcmp(function + length - end, methods[i].end, end) == 0)
			return true;
	}
	return false;
}
