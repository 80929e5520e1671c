/*
 * header_map - the header of a live segment, mapped to write a request into it
 *
 * The page is mapped through the descriptor that was checked when the target was
 * opened, so no other file can slip in between. A segment is cut to what it uses when
 * its process ends, but never below page 0.
 */
#include "analyzer/segment/header_map.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int header_map(const struct target *target, struct heapring_header **ret_header,
	       struct fault *fault)
{
	char name[64];
	void *map;
	int fd;

	if (!target_is_live(target))
		return fault_set(fault, FAULT_TARGET, -ESRCH,
				 "%s is not of a running process; `heapring ps --live` "
				 "lists those that are",
				 target->path);
	snprintf(name, sizeof(name), "/proc/self/fd/%d", target->fd);
	fd = open(name, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return fault_set(fault, FAULT_TARGET, -errno,
				 "cannot write to %s: %s; only its owner may change how "
				 "a program is profiled",
				 target->path, strerror(errno));
	map = mmap(NULL, HR_PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (map == MAP_FAILED)
		return fault_set(fault, FAULT_TARGET, -errno, "cannot map %s: %s",
				 target->path, strerror(errno));
	*ret_header = map;
	return 0;
}
