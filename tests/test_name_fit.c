/*
 * test_name_fit - the contract in analyzer/console/name_fit.h, one test per sentence
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "analyzer/console/name_fit.h"

static void expect(const char *text, size_t columns, const char *wanted)
{
	char fitted[4096];

	name_fit(text, columns, fitted, sizeof(fitted));
	cr_expect(eq(str, fitted, (char *)wanted));
}

Test(name_fit, what_fits_stays)
{
	expect("std::vector<int>::push_back", 27, "std::vector<int>::push_back");
	expect("", 20, "");
}

Test(name_fit, width_is_counted_in_code_points)
{
	cr_expect(eq(sz, name_fit_width("größe"), 5));
	expect("größe_der_karte_in_px", 21, "größe_der_karte_in_px");
}

Test(name_fit, arguments_go_the_innermost_first)
{
	const char *name = "std::map<std::pair<int, std::vector<char> >, long>::insert";

	expect(name, 56, "std::map<std::pair<int, std::vector<…> >, long>::insert");
	expect(name, 40, "std::map<std::pair<…>, long>::insert");
	expect(name, 30, "std::map<…>::insert");
}

Test(name_fit, parameters_go_likewise)
{
	expect("run(Options const&, int)::{lambda(Order const&)#2}::operator()", 40,
	       "run(…)::{lambda(…)#2}::operator()");
	expect("(anonymous namespace)::Cache<Key, Value>::put", 40,
	       "(anonymous namespace)::Cache<…>::put");
}

Test(name_fit, empty_brackets_stay_empty)
{
	expect("make_all_the_things()::{lambda(int, int, int)#1}::operator()", 50,
	       "make_all_the_things()::{lambda(…)#1}::operator()");
}

Test(name_fit, outer_scope_and_end_stay)
{
	expect("boost::asio::detail::scheduler::do_run_one_of_them", 30,
	       "boost::…::do_run_one_of_them");
	expect("boost::asio::detail::scheduler::do_run_one", 32,
	       "boost::…::scheduler::do_run_one");
	expect("a_scope_with_a_long_name::b::the_function_at_the_end", 30,
	       "…::b::the_function_at_the_end");
}

Test(name_fit, without_scopes_the_middle_goes)
{
	expect("copy_all_the_names_of_the_table_of_strings", 21, "copy_all_t…of_strings");
}

Test(name_fit, a_line_behind_the_name_stays)
{
	expect("std::vector<std::pair<int, int> >::reserve  store.cc:17", 44,
	       "std::vector<…>::reserve  store.cc:17");
	expect("std::__detail::_Hashtable<int>::reserve  store.cc:17", 38,
	       "std::…::reserve  store.cc:17");
	expect("scope::function_with_a_name  a_file_with_a_name.cc:1234", 30,
	       "scope::function_with_a_name");
}

Test(name_fit, a_file_goes_before_scopes_do)
{
	expect("std::_Vector_base<int, A>::_M_allocate  stl_vector.h", 50,
	       "std::_Vector_base<…>::_M_allocate  stl_vector.h");
	expect("std::_Vector_base<int, A>::_M_allocate  stl_vector.h", 36,
	       "std::_Vector_base<…>::_M_allocate");
}

Test(name_fit, blanks_before_the_name_stay)
{
	expect("      std::vector<std::pair<int, int> >::reserve  [prog]", 48,
	       "      std::vector<…>::reserve  [prog]");
}

Test(name_fit, outer_frames_of_a_stack_go)
{
	expect("read_line < parse_the_whole_file < main", 30, "read_line < …");
	expect("read_line < parse_file < load_all < main", 37,
	       "read_line < parse_file < load_all < …");
	expect("Cache<std::string, int>::put < handle < main", 40,
	       "Cache<…>::put < handle < main");
	expect("a_function_whose_name_is_much_too_long < main", 25,
	       "a_function_w…uch_too_long");
}

Test(name_fit, a_comparison_in_an_argument_is_no_caller)
{
	expect("the_name_of_the_function_(a < b)", 28, "the_name_of_the_function_(…)");
	expect("the_name_of_the_longer_function_(a < b)", 28,
	       "the_name_of_t…r_function_(…)");
}

Test(name_fit, operators_are_no_brackets)
{
	expect("ns::operator<< <char, std::char_traits<char> >", 30,
	       "ns::operator<< <…>");
	expect("Pointer<std::vector<int>, Deleter>::operator->", 30,
	       "Pointer<…>::operator->");
	expect("Holder<std::vector<int>, Deleter>::operator()", 30,
	       "Holder<…>::operator()");
	expect("Less<std::vector<int>, Order>::operator<", 28, "Less<…>::operator<");
}

Test(name_fit, the_type_of_a_rust_name_is_no_argument)
{
	expect("<alloc::vec::Vec<u8, A> as core::iter::Extend<&u8>>::extend", 56,
	       "<alloc::vec::Vec<…> as core::iter::Extend<…>>::extend");
	expect("<alloc::raw_vec::RawVecInner<A>>::try_allocate_in", 36,
	       "<…::RawVecInner<…>>::try_allocate_in");
	expect("<alloc::raw_vec::RawVecInner<A>>::try_allocate_in", 30,
	       "…::try_allocate_in");
	expect("core::ops::FnOnce<fn(u8) -> bool>::call_once_with_it", 45,
	       "core::ops::FnOnce<…>::call_once_with_it");
}

Test(name_fit, brackets_that_do_not_match_do_no_harm)
{
	expect("weird>>name<<<of::a::function::that_nobody_wrote", 24,
	       "…::that_nobody_wrote");
	expect("((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((",
	       22, "((((((((((…(((((((((((");
}
