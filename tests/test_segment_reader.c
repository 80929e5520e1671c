/*
 * test_segment_reader - the contracts in analyzer/segment/segment_map.h and
 * segment_reader.h, with files as a hostile hand would write them
 *
 * Files are memfds: nothing is left behind.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "analyzer/profile/profile.h"
#include "analyzer/segment/segment_reader.h"
#include "tests/segment_builder.h"

struct sum {
	uint64_t allocs, frees, free_bytes;
};

static int add_up(void *arg, uint32_t slot, uint32_t site,
		  const struct heapring_counter *counter)
{
	struct sum *sum = arg;

	sum->allocs += counter->allocs;
	sum->frees += counter->frees;
	sum->free_bytes += counter->free_bytes;
	return 0;
}

static int file_of(const void *bytes, size_t length)
{
	int fd = memfd_create("segment", MFD_CLOEXEC);

	cr_assert(fd >= 0);
	cr_assert(write(fd, bytes, length) == (ssize_t)length);
	return fd;
}

/* Reads and frees; -errno or 0. */
static int try_read(const void *bytes, size_t length, struct fault *fault)
{
	struct sum sum = { 0 };
	struct segment_visitor visitor = { &sum, add_up };
	struct segment *segment = NULL;
	int fd = file_of(bytes, length);
	int r = segment_read(fd, "test", /*is_live=*/false, &visitor, &segment, fault);

	if (r == 0)
		segment_free(segment);
	close(fd);
	return r;
}

/* The whole way from a file to a profile, as every command takes it. */
static int try_profile(const void *bytes, size_t length, struct fault *fault)
{
	struct target target = { .path = "test" };
	struct profile *profile;
	int r;

	target.fd = file_of(bytes, length);
	r = profile_load(&target, &profile, fault);
	if (r == 0)
		profile_free(profile);
	close(target.fd);
	return r;
}

static unsigned char *example(uint64_t *ret_length)
{
	struct segment_builder *builder = segment_builder_example();
	unsigned char *bytes = segment_builder_bytes(builder, ret_length);

	segment_builder_free(builder);
	return bytes;
}

static int try_builder(struct segment_builder *builder, struct fault *fault)
{
	uint64_t length;
	unsigned char *bytes = segment_builder_bytes(builder, &length);
	int r = try_profile(bytes, length, fault);

	free(bytes);
	segment_builder_free(builder);
	return r;
}

Test(segment_reader, a_whole_dump_is_read)
{
	struct fault fault;
	uint64_t length;
	unsigned char *bytes = example(&length);

	cr_assert(eq(int, try_read(bytes, length, &fault), 0));
	free(bytes);
}

Test(segment_reader, a_dump_cut_at_any_page_is_refused_with_the_pages_missing)
{
	struct fault fault;
	uint64_t length;
	unsigned char *bytes = example(&length);
	uint64_t pages = length / HR_PAGE;
	char missing[32];

	for (uint64_t kept = 1; kept < pages; kept++) {
		snprintf(missing, sizeof(missing), " %u of its %u pages",
			 (unsigned)(pages - kept), (unsigned)pages);
		cr_expect(eq(int, try_read(bytes, kept * HR_PAGE, &fault), -EIO));
		cr_expect(eq(int, fault.status, FAULT_INPUT));
		cr_expect(strstr(fault.text, missing) != NULL, "%s", fault.text);
	}
	free(bytes);
}

Test(segment_reader, a_file_that_ends_anywhere_is_refused)
{
	struct fault fault;
	uint64_t length;
	unsigned char *bytes = example(&length);

	for (uint64_t kept = 0; kept < length; kept += 97)
		cr_expect(lt(int, try_read(bytes, kept, &fault), 0));
	free(bytes);
}

Test(segment_reader, what_is_no_segment_is_refused)
{
	struct fault fault;
	char text[] = "#!/bin/sh\n";

	cr_expect(eq(int, try_read(text, sizeof(text), &fault), -EINVAL));
	cr_expect(strstr(fault.text, "not a heapring segment") != NULL);
	cr_expect(eq(int, try_read("", 0, &fault), -EINVAL));
	cr_expect(strstr(fault.text, "empty") != NULL);
}

Test(segment_reader, another_version_is_refused_and_named)
{
	struct segment_builder *builder = segment_builder_example();
	struct fault fault;

	builder->header.version = 99;
	cr_expect(eq(int, try_builder(builder, &fault), -EPROTO));
	cr_expect(strstr(fault.text, "version 99") != NULL, "%s", fault.text);
}

Test(segment_reader, a_header_that_is_not_written_yet_says_try_again)
{
	struct segment_builder *builder = segment_builder_example();
	struct fault fault;

	builder->header.magic = 0;
	cr_expect(eq(int, try_builder(builder, &fault), -EAGAIN));
}

Test(segment_reader, a_cycle_of_parents_is_refused)
{
	struct segment_builder *builder = segment_builder_example();
	struct fault fault;

	builder->nodes[0].parent = HR_NODE_FIRST + 1; /* its own child */
	cr_expect(eq(int, try_builder(builder, &fault), -EINVAL));
}

Test(segment_reader, a_node_that_is_its_own_parent_is_refused)
{
	struct segment_builder *builder = segment_builder_example();
	struct fault fault;

	builder->nodes[1].parent = HR_NODE_FIRST + 1;
	cr_expect(eq(int, try_builder(builder, &fault), -EINVAL));
}

/* They are added while a live segment is read: the reader meets them by chance. */
Test(segment_reader, what_refers_to_nothing_is_counted_without_a_stack)
{
	struct segment_builder *builder = segment_builder_example();
	struct fault fault;

	builder->nodes[1].parent = 100;
	cr_expect(eq(int, try_builder(builder, &fault), 0), "%s", fault.text);
	builder = segment_builder_example();
	builder->nodes[1].parent = UINT32_MAX;
	cr_expect(eq(int, try_builder(builder, &fault), 0), "%s", fault.text);
	builder = segment_builder_example();
	builder->nodes[2].module = 4000;
	cr_expect(eq(int, try_builder(builder, &fault), 0), "%s", fault.text);
	builder = segment_builder_example();
	builder->sites[0].node = 1u << 30;
	cr_expect(eq(int, try_builder(builder, &fault), 0), "%s", fault.text);
}

Test(segment_reader, parents_may_have_higher_numbers_than_their_children)
{
	struct segment_builder *builder = segment_builder_new();
	uint32_t slot = segment_builder_thread(builder, "t");
	uint32_t child = segment_builder_node(builder, HR_NODE_ROOT, 1, 0);
	uint32_t parent = segment_builder_node(builder, HR_NODE_ROOT, 2, 0);
	struct fault fault;

	builder->nodes[child - HR_NODE_FIRST].parent = parent;
	segment_builder_count(builder, slot, segment_builder_site(builder, child, 1),
			      (struct heapring_counter){ .allocs = 1 });
	cr_expect(eq(int, try_builder(builder, &fault), 0), "%s", fault.text);
}

/* munmap of a part, by a thread that mapped nothing there. */
Test(segment_reader, a_thread_may_have_freed_bytes_and_no_block)
{
	struct segment_builder *builder = segment_builder_new();
	uint32_t mapper = segment_builder_thread(builder, "mapper");
	uint32_t cutter = segment_builder_thread(builder, "cutter");
	uint32_t node = segment_builder_node(builder, HR_NODE_ROOT, 1, 0);
	uint32_t site = segment_builder_site(builder, node, 1);
	struct sum sum = { 0 };
	struct segment_visitor visitor = { &sum, add_up };
	struct segment *segment = NULL;
	struct fault fault;
	unsigned char *bytes;
	uint64_t length;
	int fd;

	segment_builder_count(
		builder, mapper, site,
		(struct heapring_counter){ .allocs = 1, .alloc_bytes = 12288 });
	segment_builder_count(builder, cutter, site,
			      (struct heapring_counter){ .free_bytes = 4096 });
	bytes = segment_builder_bytes(builder, &length);
	fd = file_of(bytes, length);
	cr_assert(
		eq(int, segment_read(fd, "test", false, &visitor, &segment, &fault), 0));
	cr_expect(eq(u64, sum.free_bytes, 4096));
	segment_free(segment);
}

Test(segment_reader, two_pages_for_one_place_are_refused)
{
	struct fault fault;
	uint64_t length;
	unsigned char *bytes = example(&length);
	struct heapring_page *map = (struct heapring_page *)(bytes + HR_PAGE);

	map[length / HR_PAGE - 1] = map[length / HR_PAGE - 2];
	cr_expect(eq(int, try_read(bytes, length, &fault), -EINVAL));
	free(bytes);
}

Test(segment_reader, a_hostile_count_allocates_nothing_large)
{
	struct fault fault;
	uint64_t length;
	unsigned char *bytes = example(&length);
	struct heapring_header *header = (struct heapring_header *)bytes;
	struct heapring_page *map = (struct heapring_page *)(bytes + HR_PAGE);

	header->pages_max = UINT32_MAX;
	cr_expect(lt(int, try_read(bytes, length, &fault), 0));
	free(bytes);
	bytes = example(&length);
	map = (struct heapring_page *)(bytes + HR_PAGE);
	map[length / HR_PAGE - 1].index = UINT32_MAX;
	cr_expect(eq(int, try_read(bytes, length, &fault), -EINVAL));
	free(bytes);
}

Test(segment_reader, any_flipped_bytes_are_an_error_or_figures_never_a_crash)
{
	uint64_t length;
	unsigned char *bytes = example(&length);
	unsigned char *copy = malloc(length);
	uint64_t state = 0x243f6a8885a308d3ull;
	struct fault fault;

	for (int round = 0; round < 3000; round++) {
		memcpy(copy, bytes, length);
		for (int flips = 0; flips < 1 + round % 8; flips++) {
			state = state * 6364136223846793005ull + 1442695040888963407ull;
			copy[(state >> 33) % length] ^= (unsigned char)(state >> 24);
		}
		/* most bytes of a page are zero: aim at the header and the map too */
		copy[(state >> 20) % 300] ^= (unsigned char)(round & 0x11);
		copy[HR_PAGE + (state >> 12) % 80] ^= (unsigned char)(round & 0x3);
		try_profile(copy, length, &fault);
	}
	free(copy);
	free(bytes);
}

static int count_one(void *arg, uint32_t slot, uint32_t site,
		     const struct heapring_counter *counter)
{
	++*(unsigned *)arg;
	return 0;
}

Test(segment_reader, a_live_segment_and_a_file_show_the_same_counters)
{
	uint64_t length;
	unsigned char *bytes = example(&length);
	int fd = file_of(bytes, length);

	for (int is_live = 0; is_live <= 1; is_live++) {
		unsigned seen = 0;
		struct segment_visitor visitor = { &seen, count_one };
		struct segment *segment;
		struct fault fault;

		cr_assert(eq(int,
			     segment_read(fd, "t", is_live, &visitor, &segment, &fault),
			     0));
		cr_expect(eq(u32, seen, 4));
		segment_free(segment);
	}
	close(fd);
	free(bytes);
}

/* One thread allocates under slot 0 and another slot counts the free, at once. */
struct churn {
	struct heapring_counter *allocs, *frees;
	atomic_bool stop;
};

static void *churn(void *arg)
{
	struct churn *churn = arg;

	for (uint64_t n = 1; !atomic_load(&churn->stop); n++) {
		__atomic_store_n(&churn->allocs->allocs, n, __ATOMIC_RELAXED);
		__atomic_store_n(&churn->frees->frees, n, __ATOMIC_RELEASE); /* S3 */
	}
	return NULL;
}

/* In both orders of the two pages in the file. */
static void check_churn(uint32_t allocating_slot, uint32_t freeing_slot)
{
	struct segment_builder *builder = segment_builder_new();
	uint32_t site = segment_builder_site(
		builder, segment_builder_node(builder, HR_NODE_ROOT, 1, 0), 1);
	struct heapring_counter once = { .allocs = 1, .frees = 1 };
	struct churn churning = { 0 };
	unsigned char *bytes, *mapped;
	uint64_t length;
	pthread_t thread;
	int fd;

	segment_builder_count(builder, 0, site, once);
	segment_builder_count(builder, 1, site, once);
	bytes = segment_builder_bytes(builder, &length);
	fd = file_of(bytes, length);
	mapped = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	cr_assert(mapped != MAP_FAILED);
	/* the two counters pages are the last of the file, by slot */
	churning.allocs = (void *)(mapped + length - (2 - allocating_slot) * HR_PAGE);
	churning.frees = (void *)(mapped + length - (2 - freeing_slot) * HR_PAGE);
	churning.allocs += site;
	churning.frees += site;
	churning.allocs->frees = churning.frees->allocs = 0;
	cr_assert(eq(int, pthread_create(&thread, NULL, churn, &churning), 0));
	for (int i = 0; i < 3000; i++) {
		struct sum sum = { 0 };
		struct segment_visitor visitor = { &sum, add_up };
		struct segment *segment;
		struct fault fault;

		cr_assert(eq(int, segment_read(fd, "t", true, &visitor, &segment, &fault),
			     0));
		cr_assert(sum.frees <= sum.allocs, "%lu frees of %lu", sum.frees,
			  sum.allocs);
		segment_free(segment);
	}
	atomic_store(&churning.stop, true);
	pthread_join(thread, NULL);
	munmap(mapped, length);
	close(fd);
	free(bytes);
	segment_builder_free(builder);
}

Test(segment_reader, a_free_is_never_seen_without_its_allocation)
{
	check_churn(0, 1);
	check_churn(1, 0);
}
