/*
 * allocator_frames - is a function part of the allocator, or its caller?
 *
 * Contract
 *   - the malloc family, operator new, and the layers that languages put on them:
 *     std::allocator and its traits (libstdc++, libc++), Rust's alloc::alloc, Global
 *     and System;
 *   - containers are callers: std::vector::reserve, alloc::raw_vec::RawVec.
 */
#ifndef ANALYZER_VIEWS_ALLOCATOR_FRAMES_H
#define ANALYZER_VIEWS_ALLOCATOR_FRAMES_H

#include <stdbool.h>

/* function: demangled, as symbols.h gives it. */
bool is_allocator_frame(const char *function);

#endif
