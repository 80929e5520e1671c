/*
 * clock - what time it is
 */
#ifndef ANALYZER_MACHINE_CLOCK_H
#define ANALYZER_MACHINE_CLOCK_H

#include <stdint.h>

/* CLOCK_MONOTONIC */
uint64_t clock_ns(void);
int64_t clock_ms(void);
double clock_s(void);

/* CLOCK_REALTIME */
uint64_t clock_unix_ns(void);

#endif
