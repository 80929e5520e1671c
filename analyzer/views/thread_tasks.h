/*
 * thread_tasks - the threads of a process as the kernel knows them
 *
 * Contract
 *   - one entry for each thread of /proc/PID/task, in order of its number; a thread that
 *     ends meanwhile is left out;
 *   - stacks are asked for with ptrace, one thread after the other, each stopped for some
 *     hundred microseconds; where that is not permitted (another user's process, Yama, a
 *     container) `refused` says why, and everything else is there;
 *   - frames are innermost first; those of libheapring.so are left out; equal stacks
 *     have equal texts.
 */
#ifndef ANALYZER_VIEWS_THREAD_TASKS_H
#define ANALYZER_VIEWS_THREAD_TASKS_H

#include <stddef.h>
#include <stdint.h>

#include "analyzer/console/fault.h"

struct task_frame {
	char *function; /* demangled; module+0x12 when it has no name */
	char *file;     /* NULL unknown */
	char *module;   /* file name without folders */
	int line;       /* 0 unknown */
};

struct task {
	uint32_t tid;
	char name[16];
	char state;     /* R, S, D, T, t, Z as in proc(5) */
	char wchan[64]; /* where it sleeps in the kernel, "" unknown or not asleep */
	double cpu_s;   /* user and system */
	struct task_frame *frames;
	size_t frames_count;
};

struct thread_tasks {
	struct task *tasks;
	size_t count;
	char refused[160]; /* why there are no stacks, "" when there are */
};

/* -ESRCH with a fault: no such process. */
int thread_tasks_read(uint32_t pid, struct thread_tasks *ret_tasks, struct fault *fault);
void thread_tasks_done(struct thread_tasks *tasks);

#endif
