/*
 * test_audit_keeper - the names in analyzer/audit/audit_keeper.h and audit_interpreter.h
 */
#include <string.h>

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "analyzer/audit/audit_interpreter.h"
#include "analyzer/audit/audit_keeper.h"

static const char *container(const char *function)
{
	static struct audit_container found;

	return audit_container_of_name(function, &found) ? found.name : "none";
}

static const char *interpreter(const char *module, const char *path)
{
	const struct audit_interpreter *found = audit_interpreter_of_module(module, path);

	return found ? found->name : "none";
}

Test(audit_keeper, a_container_is_named_without_its_default_arguments)
{
	cr_expect(eq(str,
		     (char *)container("std::deque<Job*, std::allocator<Job*> >::"
				       "_M_push_back_aux<Job* const&>"),
		     "std::deque<Job*>"));
	cr_expect(eq(str,
		     (char *)container("std::map<std::string, std::vector<int, "
				       "std::allocator<int> >, std::less<std::string>, "
				       "std::allocator<int> >::operator[]"),
		     "std::map<std::string, std::vector<int, std::allocator<int> >>"));
	cr_expect(eq(str, (char *)container("void std::vector<int>::_M_realloc_insert"),
		     "std::vector<int>"));
}

Test(audit_keeper, containers_of_rust_and_of_glib_are_known)
{
	cr_expect(eq(
		str,
		(char *)container("alloc::collections::vec_deque::VecDeque<T,A>::grow"),
		"VecDeque"));
	cr_expect(eq(str, (char *)container("<alloc::vec::Vec<T>>::push"), "Vec"));
	cr_expect(eq(str, (char *)container("g_hash_table_insert_node"), "GHashTable"));
}

Test(audit_keeper, what_only_has_a_container_among_its_arguments_is_none)
{
	cr_expect(eq(str, (char *)container("std::__new_allocator<std::deque<int> >::f"),
		     "none"));
	cr_expect(eq(str, (char *)container("store(std::vector<int>&)"), "none"));
	cr_expect(eq(str, (char *)container("std::string::append"), "none"));
}

Test(audit_keeper, a_name_that_is_too_long_is_cut_in_its_arguments)
{
	char function[400] = "std::map<";

	for (unsigned i = 0; i < 30; i++)
		strcat(function, "long_name_");
	strcat(function, ">::insert");
	cr_expect(eq(str, (char *)container(function), "std::map<...>"));
}

Test(audit_keeper, reference_counts_are_known_by_who_makes_them)
{
	cr_expect(eq(str,
		     (char *)audit_reference_of_name("std::make_shared<Session>")->weak,
		     "std::weak_ptr"));
	cr_expect(eq(str,
		     (char *)audit_reference_of_name("std::shared_ptr<Session> "
						     "std::make_shared<Session>")
			     ->owner,
		     "std::shared_ptr"));
	cr_expect(eq(str, (char *)audit_reference_of_name("alloc::rc::Rc<T>::new")->weak,
		     "Weak"));
	cr_expect(eq(str,
		     (char *)audit_reference_of_name("alloc::sync::Arc<T>::new")->owner,
		     "Arc"));
	cr_expect(eq(ptr,
		     (void *)audit_reference_of_name("alloc::vec::Vec<alloc::rc::Rc<T>>"),
		     NULL));
	cr_expect(eq(ptr, (void *)audit_reference_of_name("make_shared_memory"), NULL));
}

Test(audit_interpreter, interpreters_are_known_by_their_files)
{
	static const struct {
		const char *module, *path, *name;
	} files[] = {
		{ "python3.11", "/usr/bin/python3.11", "CPython" },
		{ "libpython3.12.so.1.0", "/usr/lib/libpython3.12.so.1.0", "CPython" },
		{ "_hashlib.cpython-311-x86_64-linux-gnu.so",
		  "/usr/lib/python3.11/lib-dynload/"
		  "_hashlib.cpython-311-x86_64-linux-gnu.so",
		  "CPython" },
		{ "perl", "/usr/bin/perl", "Perl" },
		{ "libperl.so.5.36", "/usr/lib/libperl.so.5.36", "Perl" },
		{ "libruby-3.1.so.3.1", "/usr/lib/libruby-3.1.so.3.1", "Ruby" },
		{ "node", "/usr/bin/node", "Node.js" },
		{ "php8.2", "/usr/bin/php8.2", "PHP" },
		{ "liblua5.4.so.0", "/usr/lib/liblua5.4.so.0", "Lua" },
		{ "libjvm.so", "/usr/lib/jvm/lib/server/libjvm.so", "the JVM" },
	};

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		cr_expect(eq(str, (char *)interpreter(files[i].module, files[i].path),
			     (char *)files[i].name),
			  "%s", files[i].module);
}

Test(audit_interpreter, programs_and_extensions_of_others_are_none)
{
	cr_expect(eq(str, (char *)interpreter("pythonic", "/usr/bin/pythonic"), "none"));
	cr_expect(eq(str, (char *)interpreter("redis-server", "/usr/bin/redis-server"),
		     "none"));
	cr_expect(eq(str,
		     (char *)interpreter("_core.cpython-311-x86_64-linux-gnu.so",
					 "/home/me/venv/_core.cpython-311-x86_64-"
					 "linux-gnu.so"),
		     "none"));
	cr_expect(eq(str, (char *)interpreter("", NULL), "none"));
}

/* What an interpreter hides whose blocks have those sizes. */
static bool hides(const char *exe, uint64_t small, uint64_t large)
{
	struct segment segment = { 0 };
	struct profile_detail detail = { .size = { 0, small, 0, large } };
	struct profile profile = { .segment = &segment,
				   .details = &detail,
				   .stacks_count = 1 };
	struct audit_facts facts = { .profile = &profile };

	strcpy(segment.header.exe, exe);
	return audit_interpreter_hides(&facts) != NULL;
}

Test(audit_interpreter, what_maps_a_heap_of_its_own_hides_its_objects)
{
	cr_expect(hides("/usr/bin/node", 1000, 10));
	cr_expect(hides("/usr/lib/jvm/bin/java", 10, 1000));
	cr_expect(not(hides("/usr/bin/perl", 1000, 10)));
	cr_expect(not(hides("/usr/sbin/nginx", 10, 1000)));
}

Test(audit_interpreter, cpython_does_unless_each_object_is_a_block)
{
	cr_expect(hides("/usr/bin/python3.11", 400, 1000));
	cr_expect(not(hides("/usr/bin/python3.11", 100000, 1000)));
}

Test(audit_keeper, what_is_one_block_is_told_from_nodes)
{
	struct audit_container found;

	cr_assert(audit_container_of_name("std::vector<int>::push_back", &found));
	cr_expect(found.is_one_block && !found.is_chain);
	cr_assert(audit_container_of_name("std::list<int>::push_back", &found));
	cr_expect(found.is_chain && !found.is_one_block);
	cr_assert(audit_container_of_name("std::deque<int>::push_back", &found));
	cr_expect(found.is_chain == false && found.is_one_block == false);
}
