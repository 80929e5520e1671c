/*
 * late - load a library when it is asked for
 *
 * Why it exists: libpq and libmicrohttpd bring twenty more libraries with them,
 * 3.6 MiB of resident memory that a run without PostgreSQL and without a metrics
 * endpoint should not pay out of a budget of 20.
 *
 * Contract
 *   - late_load() fills n function slots by name; 0, or -ENOENT after one line;
 *   - the library stays loaded; loading it again is cheap.
 */
#ifndef PIPELINE_LATE_H
#define PIPELINE_LATE_H

#include <stddef.h>

int late_load(const char *library, const char *const *names, void **slots, size_t n);

/*
 * A table of functions from a list F(name) ...: the struct has one pointer each,
 * typed by the library's own header, and the names in the same order.
 */
#define LATE_SLOT(name) __typeof__(&name) name;
#define LATE_NAME(name) #name,

#endif
