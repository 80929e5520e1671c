/*
 * test_cgroup - the contract in pipeline/base/cgroup.h
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pipeline/base/cgroup.h"

static char mount[] = "/tmp/test_cgroup.XXXXXX";

static void make_mount(void)
{
	cr_assert(ne(ptr, mkdtemp(mount), NULL));
}

static void remove_mount(void)
{
	char command[64];

	snprintf(command, sizeof(command), "rm -rf %s", mount);
	cr_expect(zero(system(command)));
}

static void put(const char *folder, const char *file, const char *text)
{
	char path[128];
	FILE *out;

	snprintf(path, sizeof(path), "%s%s", mount, folder);
	mkdir(path, 0700);
	snprintf(path, sizeof(path), "%s%s/%s", mount, folder, file);
	out = fopen(path, "w");
	cr_assert(ne(ptr, out, NULL));
	fputs(text, out);
	fclose(out);
}

Test(cgroup, no_group_has_no_limit, .init = make_mount, .fini = remove_mount)
{
	cr_expect(eq(sz, cgroup_memory_limit("", mount), 0));
	cr_expect(eq(sz, cgroup_memory_limit("0::/gone\n", mount), 0));
	put("", "memory.max", "max\n");
	cr_expect(eq(sz, cgroup_memory_limit("0::/\n", mount), 0));
}

Test(cgroup, a_container_has_it_at_the_root, .init = make_mount, .fini = remove_mount)
{
	put("", "memory.max", "1000\n");
	cr_expect(eq(sz, cgroup_memory_limit("0::/\n", mount), 1000));
}

Test(cgroup, the_lowest_of_the_groups_above_counts, .init = make_mount,
     .fini = remove_mount)
{
	put("/a", "memory.max", "500\n");
	put("/a/b", "memory.max", "900\n");
	put("/a/b/c", "memory.max", "max\n");
	cr_expect(eq(sz, cgroup_memory_limit("0::/a/b/c\n", mount), 500));
	put("/a/b/c", "memory.max", "400\n");
	cr_expect(eq(sz, cgroup_memory_limit("0::/a/b/c\n", mount), 400));
	cr_expect(eq(sz, cgroup_memory_limit("0::/a/b\n", mount), 500));
}

Test(cgroup, the_first_version_has_a_tree_of_its_own, .init = make_mount,
     .fini = remove_mount)
{
	put("/memory", "memory.limit_in_bytes", "9223372036854771712\n");
	put("/memory/x", "memory.limit_in_bytes", "700\n");
	cr_expect(eq(sz, cgroup_memory_limit("5:cpu:/x\n4:memory:/x\n", mount), 700));
	cr_expect(eq(sz, cgroup_memory_limit("4:memory:/\n", mount), 0));
}
