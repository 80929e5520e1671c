/*
 * test_allocator_frames - the contract in analyzer/views/allocator_frames.h
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "analyzer/views/allocator_frames.h"

Test(allocator_frames, the_malloc_family_and_operator_new)
{
	cr_expect(is_allocator_frame("malloc"));
	cr_expect(is_allocator_frame("posix_memalign"));
	cr_expect(is_allocator_frame("operator new[]"));
	cr_expect(not(is_allocator_frame("xmalloc")));
	cr_expect(not(is_allocator_frame("malloc_usable_size")));
	cr_expect(not(is_allocator_frame("")));
}

Test(allocator_frames, the_layers_of_cxx)
{
	cr_expect(is_allocator_frame("std::allocator<int>::allocate"));
	cr_expect(is_allocator_frame(
		"std::__new_allocator<std::pair<int, std::string> >::allocate"));
	cr_expect(is_allocator_frame(
		"std::allocator_traits<std::allocator<char> >::allocate"));
	cr_expect(not(is_allocator_frame("std::allocator<int>::allocate_more")));
	cr_expect(not(is_allocator_frame("Arena<int>::allocate")));
}

Test(allocator_frames, the_layers_of_rust_in_both_manglings)
{
	cr_expect(is_allocator_frame("alloc::alloc::alloc"));
	cr_expect(is_allocator_frame("__rustc::__rust_alloc"));
	cr_expect(is_allocator_frame("<alloc::alloc::Global>::alloc_impl"));
	cr_expect(is_allocator_frame("alloc::alloc::Global::grow_impl"));
	cr_expect(is_allocator_frame(
		"<alloc::alloc::Global as core::alloc::Allocator>::allocate"));
	cr_expect(is_allocator_frame("alloc::boxed::box_new_uninit"));
	cr_expect(is_allocator_frame("hashbrown::raw::alloc::inner::do_alloc"));
	cr_expect(not(is_allocator_frame("my_crate::alloc::alloc")));
}

Test(allocator_frames, containers_are_callers)
{
	cr_expect(not(is_allocator_frame("std::vector<int>::reserve")));
	cr_expect(not(is_allocator_frame("std::_Vector_base<int>::_M_allocate")));
	cr_expect(not(is_allocator_frame("<alloc::raw_vec::RawVecInner>::finish_grow")));
}
