/*
 * built_profile - the profile of a synthetic dump
 */
#ifndef TESTS_BUILT_PROFILE_H
#define TESTS_BUILT_PROFILE_H

#include "analyzer/profile/profile.h"
#include "tests/segment_builder.h"

/* Ends the test where it cannot be loaded. The builder is freed. */
struct profile *built_profile(struct segment_builder *builder);

#endif
