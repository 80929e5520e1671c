/*
 * sandbox - a program that allows itself little: memory, threads, writing, ending
 *
 * Enters a seccomp filter that kills at any other system call, then allocates
 * from the main thread and from one that began behind the filter. Prints the
 * blocks it made and exits 0; a profiler that asks the kernel for anything else
 * gets it killed by SIGSYS. argv[1] "prctl" or "syscall" says how it enters.
 */
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define ALLOW(nr)                                                                        \
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, nr, 0, 1),                                   \
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)

static struct sock_filter filter[] = {
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
	ALLOW(SYS_mmap),
	ALLOW(SYS_munmap),
	ALLOW(SYS_mprotect),
	ALLOW(SYS_madvise),
	ALLOW(SYS_mremap),
	ALLOW(SYS_brk),
	ALLOW(SYS_futex),
	ALLOW(SYS_clone3),
	ALLOW(SYS_clone),
	ALLOW(SYS_set_robust_list),
	ALLOW(SYS_rseq),
	ALLOW(SYS_rt_sigprocmask),
	ALLOW(SYS_write),
	ALLOW(SYS_newfstatat),
	ALLOW(SYS_rt_sigaction),      /* glibc: the first pthread_create */
	ALLOW(SYS_getrandom),         /* glibc: tcache keys */
	ALLOW(SYS_sched_getaffinity), /* glibc: how many arenas */
	ALLOW(SYS_exit),
	ALLOW(SYS_exit_group),
	BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
};

__attribute__((noinline)) static void allocate(int n)
{
	for (int i = 0; i < n; i++) {
		void *volatile block = malloc((size_t)(100 + i % 400));

		if (i % 2 == 0)
			free(block);
	}
}

static void *work(void *unused)
{
	(void)unused;
	allocate(5000);
	return NULL;
}

static int enter(const char *how)
{
	struct sock_fprog program = { sizeof filter / sizeof filter[0], filter };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return -1;
	if (strcmp(how, "prctl") == 0)
		return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program);
}

int main(int argc, char **argv)
{
	pthread_t thread;

	allocate(1000);
	if (argc < 2 || enter(argv[1]) != 0)
		return 77;
	allocate(4000);
	if (pthread_create(&thread, NULL, work, NULL) != 0)
		return 1;
	pthread_join(thread, NULL);
	puts("10000");
	return 0;
}
