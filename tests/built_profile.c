/*
 * built_profile - the profile of a synthetic dump
 */
#include "tests/built_profile.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

struct profile *built_profile(struct segment_builder *builder)
{
	struct target target = { .path = "test" };
	struct profile *profile = NULL;
	struct fault fault;
	uint64_t length;
	unsigned char *bytes = segment_builder_bytes(builder, &length);

	target.fd = memfd_create("segment", MFD_CLOEXEC);
	cr_assert(write(target.fd, bytes, length) == (ssize_t)length);
	cr_assert(eq(int, profile_load(&target, &profile, &fault), 0), "%s", fault.text);
	close(target.fd);
	free(bytes);
	segment_builder_free(builder);
	return profile;
}
