/*
 * hooks_limits - what a program does to all of its memory
 *
 * The shim reserves tens of TiB and hardly touches them. mlockall() would fill them, and
 * a limit on the address space or on data that is set while the program runs would be
 * below them at once: nothing could be allocated any more. So all but the shim's own
 * memory is locked, mapping by mapping; and a limit is set that much higher, and told as
 * it was asked for. A program that is executed then finds such a limit: it is recognised
 * by its size. Where the live table is not flat the shim is small, and all is passed on.
 *
 * <sys/resource.h> is left out: its prototypes differ between libraries and sizes of
 * files. All of these are plain system calls in libc as well.
 */
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/types.h>

#include "arch.h"
#include "preload/allocator/live_table.h"
#include "preload/hooks/hooks_limits.h"
#include "preload/platform/lines.h"
#include "preload/platform/os_linux.h"
#include "preload/platform/reserved.h"
#include "preload/process/process.h"

#define EXPORT __attribute__((visibility("default")))
#define LIMIT_DATA 2 /* RLIMIT_DATA and RLIMIT_AS */
#define LIMIT_AS 9
#define INFINITE UINT64_MAX
#define HUGE_LIMIT ((uint64_t)1 << 44) /* nobody but us sets one so high */

struct limit {
	uint64_t soft, hard;
};

static uint64_t raised_as, raised_data; /* by how much; 0: the limit is not ours */

static long checked(long ret)
{
	if (ret < 0 && ret > -4096) {
		errno = (int)-ret;
		return -1;
	}
	return ret;
}

static long call_limit(pid_t pid, int resource, const struct limit *limit,
		       struct limit *ret_old)
{
	return checked(arch_syscall(SYS_prlimit64, pid, resource, (long)limit,
				    (long)ret_old, 0, 0));
}

static uint64_t raised(uint64_t limit, uint64_t by)
{
	return limit > INFINITE - by ? INFINITE : limit + by;
}

static uint64_t lowered(uint64_t limit, uint64_t by)
{
	return limit == INFINITE || limit < by ? limit : limit - by;
}

static uint64_t *raise_of(pid_t pid, int resource)
{
	if (live_tables[0].flat == NULL || (pid != 0 && (uint32_t)pid != os_pid()))
		return NULL;
	return resource == LIMIT_AS     ? &raised_as
	       : resource == LIMIT_DATA ? &raised_data
					: NULL;
}

/* A limit that was inherited through exec, from a process that had raised it. */
void hooks_limits_begin(void)
{
	struct limit limit;

	for (int resource = LIMIT_DATA; resource <= LIMIT_AS;
	     resource += LIMIT_AS - LIMIT_DATA) {
		uint64_t *by = raise_of(0, resource);

		if (by != NULL &&
		    arch_syscall(SYS_prlimit64, 0, resource, 0, (long)&limit, 0, 0) ==
			    0 &&
		    limit.soft != INFINITE && limit.soft > HUGE_LIMIT)
			*by = reserved_bytes(resource == LIMIT_AS);
	}
}

static int set_limit(pid_t pid, int resource, const struct limit *limit,
		     struct limit *ret_old)
{
	uint64_t *by = raise_of(pid, resource), had;
	struct limit higher;

	if (by == NULL)
		return (int)call_limit(pid, resource, limit, ret_old);
	had = *by;
	if (limit != NULL) {
		uint64_t ours = reserved_bytes(resource == LIMIT_AS);

		higher = (struct limit){ raised(limit->soft, ours),
					 raised(limit->hard, ours) };
		if (call_limit(pid, resource, &higher, ret_old) < 0)
			return -1;
		*by = ours;
	} else if (call_limit(pid, resource, NULL, ret_old) < 0) {
		return -1;
	}
	if (ret_old != NULL)
		*ret_old = (struct limit){ lowered(ret_old->soft, had),
					   lowered(ret_old->hard, had) };
	return 0;
}

int setrlimit(int resource, const struct limit *limit);
EXPORT int setrlimit(int resource, const struct limit *limit)
{
	return set_limit(0, resource, limit, NULL);
}

int getrlimit(int resource, struct limit *ret_limit);
EXPORT int getrlimit(int resource, struct limit *ret_limit)
{
	return set_limit(0, resource, NULL, ret_limit);
}

int prlimit(pid_t pid, int resource, const struct limit *limit, struct limit *ret_old);
EXPORT int prlimit(pid_t pid, int resource, const struct limit *limit,
		   struct limit *ret_old)
{
	return set_limit(pid, resource, limit, ret_old);
}

#undef setrlimit64 /* macros in musl */
#undef getrlimit64
#undef prlimit64
int setrlimit64(int resource, const struct limit *limit);
EXPORT int setrlimit64(int resource, const struct limit *limit)
{
	return set_limit(0, resource, limit, NULL);
}

int getrlimit64(int resource, struct limit *ret_limit);
EXPORT int getrlimit64(int resource, struct limit *ret_limit)
{
	return set_limit(0, resource, NULL, ret_limit);
}

int prlimit64(pid_t pid, int resource, const struct limit *limit, struct limit *ret_old);
EXPORT int prlimit64(pid_t pid, int resource, const struct limit *limit,
		     struct limit *ret_old)
{
	return set_limit(pid, resource, limit, ret_old);
}

/* Locks what of a mapping is not the shim's. What cannot be filled, mlockall leaves. */
static void lock_mapping(uintptr_t from, uintptr_t to, bool on_fault)
{
	struct reserved_range ours;

	while (from < to) {
		uintptr_t end = reserved_within(from, to, &ours) ? ours.from : to;

		if (from < end)
			os_lock((void *)from, end - from, on_fault);
		from = end < to ? ours.to : to;
	}
}

/* line: "from-to perms ...", of /proc/self/maps */
static void lock_line(void *on_fault, const char *line)
{
	uint64_t from, to;
	const char *at = lines_number(line, 16, &from);

	if (*at != '-')
		return;
	lines_number(at + 1, 16, &to);
	if (to > from && to - from < (uint64_t)1 << 47)
		lock_mapping(from, to, *(const bool *)on_fault);
}

/* False: there is no /proc. */
static bool lock_all(bool on_fault)
{
	return lines_each("/proc/self/maps", lock_line, &on_fault);
}

EXPORT int mlockall(int flags)
{
	bool all = (flags & MCL_CURRENT) != 0 && live_tables[0].flat != NULL;

	if (all && (process_sandboxed() || !lock_all((flags & MCL_ONFAULT) != 0)))
		return (int)checked(
			arch_syscall(SYS_mlockall, flags | MCL_ONFAULT, 0, 0, 0, 0, 0));
	if (all)
		flags &= ~MCL_CURRENT;
	if (all && flags == 0)
		return 0;
	return (int)checked(arch_syscall(SYS_mlockall, flags, 0, 0, 0, 0, 0));
}
