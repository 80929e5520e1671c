/*
 * shim_path - where libheapring.so is
 *
 * Contract: looks in the build tree, then where `meson install` puts it
 * relative to the executable, then in the configured library folder.
 */
#ifndef ANALYZER_LAUNCH_SHIM_PATH_H
#define ANALYZER_LAUNCH_SHIM_PATH_H

#include <stddef.h>

#include "analyzer/console/fault.h"

int shim_path_find(char *path, size_t room, struct fault *fault);

#endif
