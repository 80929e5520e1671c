#include "preload/platform/os_linux.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>

#include "arch.h"
#include "preload/platform/reserved.h"

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

#define CALL(nr, ...) CALL_((nr), ##__VA_ARGS__, 0, 0, 0, 0, 0, 0)
#define CALL_(nr, a, b, c, d, e, f, ...)                                                 \
	arch_syscall((nr), (long)(a), (long)(b), (long)(c), (long)(d), (long)(e),        \
		     (long)(f))

static void *mapped(long ret)
{
	return ret < 0 && ret > -4096 ? NULL : (void *)ret;
}

void *os_reserve(size_t bytes, bool wipe_on_fork)
{
	void *mem = mapped(CALL(SYS_mmap, 0, bytes, PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));

	if (mem == NULL)
		return NULL;
	CALL(SYS_madvise, mem, bytes, MADV_DONTDUMP);
	/* a huge page would make one touched slot cost 2 MiB */
	CALL(SYS_madvise, mem, bytes, MADV_NOHUGEPAGE);
	if (wipe_on_fork && CALL(SYS_madvise, mem, bytes, MADV_WIPEONFORK) < 0) {
		CALL(SYS_munmap, mem, bytes);
		return NULL;
	}
	reserved_note(mem, bytes, wipe_on_fork ? RESERVED_WIPED : RESERVED_KEPT);
	return mem;
}

void os_release(void *mem, size_t bytes)
{
	reserved_drop(mem);
	CALL(SYS_munmap, mem, bytes);
}

void os_keep_on_fork(bool keep)
{
	struct reserved_range range;

	for (unsigned i = 0; reserved_wiped(i, &range); i++)
		CALL(SYS_madvise, range.from, range.to - range.from,
		     keep ? MADV_KEEPONFORK : MADV_WIPEONFORK);
}

bool os_replace(void *mem, size_t bytes, void *at)
{
	if (mapped(CALL(SYS_mremap, mem, bytes, bytes, MREMAP_MAYMOVE | MREMAP_FIXED,
			at)) != at)
		return false;
	reserved_drop(mem);
	return true;
}

void *os_map_shared(int fd, size_t bytes)
{
	void *mem = mapped(
		CALL(SYS_mmap, 0, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));

	if (mem != NULL) {
		CALL(SYS_madvise, mem, bytes, MADV_DONTDUMP);
		reserved_note(mem, bytes, RESERVED_SHARED);
	}
	return mem;
}

#define WAIT_PRIVATE 128 /* linux/futex.h, which a compiler for musl may lack */
#define UNLIKELY 0x5ac3f00du

/* The kernel reads it for us: a wait while it holds a value that it does not hold. */
bool os_readable(const void *word)
{
	struct timespec none = { 0 };

	return CALL(SYS_futex, word, WAIT_PRIVATE, UNLIKELY, &none, 0) != -EFAULT;
}

int os_lock(void *mem, size_t bytes, bool on_fault)
{
	return (int)CALL(SYS_mlock2, mem, bytes, on_fault ? MLOCK_ONFAULT : 0);
}

int os_populate(void *mem, size_t bytes)
{
	return (int)CALL(SYS_madvise, mem, bytes, MADV_POPULATE_WRITE);
}

int os_create(const char *path)
{
	return (int)CALL(SYS_openat, AT_FDCWD, path,
			 O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
}

int os_open(const char *path, bool write)
{
	int flags = write ? O_RDWR | O_NOFOLLOW | O_NONBLOCK : O_RDONLY;

	return (int)CALL(SYS_openat, AT_FDCWD, path, flags | O_CLOEXEC | O_NOCTTY);
}

ssize_t os_read_at(int fd, void *buf, size_t bytes, uint64_t offset)
{
	return CALL(SYS_pread64, fd, buf, bytes, offset);
}

ssize_t os_write_at(int fd, const void *buf, size_t bytes, uint64_t offset)
{
	return CALL(SYS_pwrite64, fd, buf, bytes, offset);
}

int os_open_dir(const char *path)
{
	return (int)CALL(SYS_openat, AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

int os_close(int fd)
{
	return (int)CALL(SYS_close, fd);
}

int os_truncate(int fd, uint64_t bytes)
{
	return (int)CALL(SYS_ftruncate, fd, bytes);
}

int os_allocate(int fd, uint64_t offset, uint64_t bytes)
{
	return (int)CALL(SYS_fallocate, fd, 0, offset, bytes);
}

int os_unlink(const char *path)
{
	return (int)CALL(SYS_unlinkat, AT_FDCWD, path, 0);
}

ssize_t os_read(int fd, void *buf, size_t bytes)
{
	ssize_t got;

	do
		got = CALL(SYS_read, fd, buf, bytes);
	while (got == -EINTR);
	return got;
}

size_t os_read_file(const char *path, char *buf, size_t bytes)
{
	int fd = os_open(path, false);
	size_t len = 0;
	ssize_t got;

	if (fd < 0)
		return 0;
	while (len < bytes && (got = os_read(fd, buf + len, bytes - len)) > 0)
		len += (size_t)got;
	os_close(fd);
	return len;
}

ssize_t os_read_dir(int fd, void *buf, size_t bytes)
{
	return CALL(SYS_getdents64, fd, buf, bytes);
}

static int write_all(int fd, const void *buf, size_t bytes)
{
	const char *at = buf;

	while (bytes > 0) {
		ssize_t put = CALL(SYS_write, fd, at, bytes);

		if (put == -EINTR)
			continue;
		if (put <= 0)
			return put == 0 ? -EIO : (int)put;
		at += put;
		bytes -= (size_t)put;
	}
	return 0;
}

/* The signals of a write come to the thread that writes: blocked, and taken back. */
int os_write_all(int fd, const void *buf, size_t bytes)
{
	uint64_t before = 0, old = 0, raised = 0;
	uint64_t of_write =
		1ull << (SIGPIPE - 1) | 1ull << (SIGXFSZ - 1) | 1ull << (SIGTTOU - 1);
	struct timespec at_once = { 0 };
	int ret;

	CALL(SYS_rt_sigprocmask, SIG_BLOCK, &of_write, &old, sizeof old);
	CALL(SYS_rt_sigpending, &before, sizeof before);
	ret = write_all(fd, buf, bytes);
	raised = of_write & ~before;
	while (CALL(SYS_rt_sigtimedwait, &raised, NULL, &at_once, sizeof raised) > 0)
		;
	CALL(SYS_rt_sigprocmask, SIG_SETMASK, &old, NULL, sizeof old);
	return ret;
}

bool os_file_of(int fd, struct os_file *ret_file)
{
	struct stat status;

	if (CALL(SYS_fstat, fd, &status) < 0)
		return false;
	*ret_file = (struct os_file){ status.st_dev, status.st_ino };
	return true;
}

bool os_writes_at_once(int fd)
{
	struct pollfd asked = { .fd = fd, .events = POLLOUT };
	struct timespec at_once = { 0 };

	return CALL(SYS_ppoll, &asked, 1, &at_once, NULL, 0) == 1 &&
	       asked.revents == POLLOUT;
}

bool os_is_special(const char *path)
{
	struct stat status;

	return CALL(ARCH_SYS_FSTATAT, AT_FDCWD, path, &status, AT_SYMLINK_NOFOLLOW) ==
		       0 &&
	       !S_ISREG(status.st_mode) && !S_ISLNK(status.st_mode);
}

ssize_t os_read_link(const char *path, char *buf, size_t bytes)
{
	ssize_t n = CALL(SYS_readlinkat, AT_FDCWD, path, buf, bytes - 1);

	buf[n > 0 ? n : 0] = '\0';
	return n;
}

ssize_t os_getcwd(char *buf, size_t bytes)
{
	ssize_t n = CALL(SYS_getcwd, buf, bytes);

	return n > 0 ? n - 1 : n;
}

uint32_t os_pid(void)
{
	return (uint32_t)CALL(SYS_getpid);
}

uint32_t os_ppid(void)
{
	return (uint32_t)CALL(SYS_getppid);
}

uint32_t os_tid(void)
{
	return (uint32_t)CALL(SYS_gettid);
}

uint32_t os_uid(void)
{
	return (uint32_t)CALL(SYS_getuid);
}

bool os_process_dead(uint32_t pid)
{
	return CALL(SYS_kill, pid, 0) == -ESRCH;
}

bool os_thread_dead(uint32_t pid, uint32_t tid)
{
	return CALL(SYS_tgkill, pid, tid, 0) == -ESRCH;
}

void os_thread_name(char name[16])
{
	name[0] = '\0';
	CALL(SYS_prctl, PR_GET_NAME, name);
	name[15] = '\0';
}

static uint64_t clock_ns(clockid_t id)
{
	struct timespec ts = { 0 };

	clock_gettime(id, &ts); /* vDSO; cannot fail for these clocks, so errno stays */
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

uint64_t os_unix_ns(void)
{
	return clock_ns(CLOCK_REALTIME);
}

uint64_t os_mono_ns(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}

uint64_t os_coarse_ms(void)
{
	struct timespec ts = { 0 };

	clock_gettime(CLOCK_MONOTONIC_COARSE, &ts);
	return (uint64_t)ts.tv_sec * 1000u + (uint32_t)ts.tv_nsec / 1000000u;
}

static uint64_t soft_limit(int resource)
{
	struct {
		uint64_t rlim_cur, rlim_max;
	} limit = { 0, 0 };

	if (CALL(SYS_prlimit64, 0, resource, 0, &limit) < 0)
		return UINT64_MAX;
	return limit.rlim_cur;
}

uint64_t os_limit_file(void)
{
	return soft_limit(RLIMIT_FSIZE);
}

uint64_t os_limit_space(void)
{
	return soft_limit(RLIMIT_AS);
}

uint64_t os_limit_stack(void)
{
	return soft_limit(RLIMIT_STACK);
}
