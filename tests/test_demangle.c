/*
 * test_demangle - the contract in analyzer/symbols/demangle.h
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <stdlib.h>

#include "analyzer/symbols/demangle.h"

static void expect(const char *symbol, const char *readable)
{
	char *got = demangle(symbol);

	cr_expect(eq(str, got, (char *)readable));
	free(got);
}

Test(demangle, c_names_stay_as_they_are)
{
	expect("main", "main");
	expect("_init", "_init");
	expect("", "");
}

Test(demangle, cxx_parameters_go_and_template_arguments_stay)
{
	expect("_ZNSt6vectorIiSaIiEE9push_backERKi",
	       "std::vector<int, std::allocator<int> >::push_back");
	expect("_ZN12_GLOBAL__N_11fEv", "(anonymous namespace)::f");
	expect("_Znwm", "operator new");
}

Test(demangle, cxx_return_types_of_templates_go)
{
	expect("_Z3fooIiET_S0_", "foo<int>");
}

Test(demangle, strings_are_called_strings)
{
	expect("_ZNSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEE9_M_mutateEmmPKcm",
	       "std::string::_M_mutate");
	expect("_ZNSt12_Vector_baseINSt7__cxx1112basic_stringIcSt11char_"
	       "traitsIcESaIcEEESa"
	       "IS5_EE11_M_allocateEm",
	       "std::_Vector_base<std::string, std::allocator<std::string> "
	       ">::_M_allocate");
}

Test(demangle, abi_tags_go)
{
	expect("_ZN3net6renderB5cxx11Ei", "net::render");
	expect("_ZN3app5TableB5cxx114nameB5cxx11Ev", "app::Table::name");
}

Test(demangle, rust_hashes_go_in_both_manglings)
{
	expect("_ZN4core3fmt9Formatter3pad17h0123456789abcdefE",
	       "core::fmt::Formatter::pad");
	expect("_RNvNtCs1234_7mycrate3foo3bar", "mycrate::foo::bar");
}

Test(demangle, suffixes_of_clones_go)
{
	expect("foo.isra.0", "foo");
	expect("foo.constprop.1.cold", "foo");
	expect("_Z3barv.part.0", "bar");
	expect("_ZN3foo17h05af221e174051e9E.llvm.123", "foo");
}

Test(demangle, other_dots_stay)
{
	expect("main.allocate", "main.allocate");
	expect(".text", ".text");
}
