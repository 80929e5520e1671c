/*
 * debian_package - which package has a file's debug symbols
 *
 * Contract: asks dpkg, where there is one; "" in ret_name otherwise, and for files
 * that no package owns.
 */
#ifndef ANALYZER_LAUNCH_DEBIAN_PACKAGE_H
#define ANALYZER_LAUNCH_DEBIAN_PACKAGE_H

#include <stddef.h>

/* The package to install for debug symbols: "redis-server-dbgsym", "libc6-dbg". */
void debian_package_of_symbols(const char *path, char *ret_name, size_t room);

#endif
