/* likely - which way a branch goes nearly always */
#ifndef PRELOAD_LIKELY_H
#define PRELOAD_LIKELY_H

#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

#endif
