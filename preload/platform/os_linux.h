/*
 * os_linux - the system calls of the shim, none of which touches errno
 *
 * Every function here is a raw system call: safe inside malloc, in a signal
 * handler, and in a process whose libc is half initialised. Results are
 * negative errno or the call's value. Nothing here allocates or locks.
 */
#ifndef PRELOAD_OS_LINUX_H
#define PRELOAD_OS_LINUX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Reserves zeroed private memory that costs nothing until it is touched. NULL
 * when the address space or the commit limit does not allow it. A child made
 * by fork finds wiped ones zeroed. */
void *os_reserve(size_t bytes, bool wipe_on_fork);
void os_release(void *mem, size_t bytes);

/* Whether children find what was reserved to be wiped as it is, or wiped as usual. */
void os_keep_on_fork(bool keep);

/* Puts reserved memory where another mapping is; false: nothing happened. */
bool os_replace(void *mem, size_t bytes, void *at);

/* Maps a file shared and writable; NULL on failure. */
void *os_map_shared(int fd, size_t bytes);

/* Really allocates the pages of a shared mapping, so that touching them cannot
 * fault: 0, -EINVAL where the kernel cannot say, else no space. */
int os_populate(void *mem, size_t bytes);

/* Can the aligned word be read without a fault? */
bool os_readable(const void *word);

/* Keeps memory from being swapped out. */
int os_lock(void *mem, size_t bytes, bool on_fault);

int os_create(const char *path); /* O_EXCL | O_NOFOLLOW, mode 0600 */
/* For writing it never follows a final symlink, and never waits (a planted FIFO). */
int os_open(const char *path, bool write);
int os_open_dir(const char *path);
int os_close(int fd);
int os_truncate(int fd, uint64_t bytes);
int os_allocate(int fd, uint64_t offset, uint64_t bytes); /* fallocate */
int os_unlink(const char *path);
ssize_t os_read(int fd, void *buf, size_t bytes);
/* As much of a file as fits: its length, 0 when it cannot be read. */
size_t os_read_file(const char *path, char *buf, size_t bytes);
ssize_t os_read_dir(int fd, void *buf, size_t bytes); /* getdents64 */
/* Writes all of it; no signal comes of a reader that is gone or a limit on files. */
int os_write_all(int fd, const void *buf, size_t bytes);
ssize_t os_read_at(int fd, void *buf, size_t bytes, uint64_t offset);
ssize_t os_write_at(int fd, const void *buf, size_t bytes, uint64_t offset);

/* Which file a descriptor is, its number apart; false: none. */
struct os_file {
	uint64_t device, inode;
};
bool os_file_of(int fd, struct os_file *ret_file);
bool os_writes_at_once(int fd);       /* takes a line without waiting for a reader */
bool os_is_special(const char *path); /* there, and neither a file nor a link */

ssize_t os_read_link(const char *path, char *buf, size_t bytes); /* NUL-terminates */
ssize_t os_getcwd(char *buf, size_t bytes);                      /* length without NUL */

uint32_t os_pid(void);
uint32_t os_ppid(void);
uint32_t os_tid(void);
uint32_t os_uid(void);
bool os_process_dead(uint32_t pid);
bool os_thread_dead(uint32_t pid, uint32_t tid);
void os_thread_name(char name[16]);

uint64_t os_unix_ns(void);
uint64_t os_mono_ns(void);
/* CLOCK_MONOTONIC as of the kernel's last tick, from a page that it keeps: no call. */
uint64_t os_coarse_ms(void);

/* The largest file this process may write, and its address-space limit. */
uint64_t os_limit_file(void);
uint64_t os_limit_space(void);
uint64_t os_limit_stack(void);

#endif
