/*
 * header - what a segment's header says from the process's first moment on
 */
#ifndef PRELOAD_HEADER_H
#define PRELOAD_HEADER_H

#include "preload/life/inherited.h"
#include "preload/process/config.h"

/* Fills in the identity and makes the header RUNNING. inherited: NULL but in a fork
 * child. */
void header_write(struct heapring_header *header, const struct config *config,
		  const struct inherited *inherited);

#endif
