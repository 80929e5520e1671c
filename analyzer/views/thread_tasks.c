/*
 * thread_tasks - the threads of a process as the kernel knows them
 *
 * libdwfl does the work: it maps the process's modules, attaches to one thread at a
 * time and walks its stack with the same unwind tables that a debugger uses. Its
 * callbacks get the whole reading as their argument.
 */
#include "analyzer/views/thread_tasks.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <elfutils/libdwfl.h>

#include "analyzer/symbols/demangle.h"

#define FRAMES_MAX 256

struct reading {
	struct thread_tasks *to;
	struct task *task; /* whose frames come now */
	int error;         /* of ptrace */
};

static size_t read_text(uint32_t pid, uint32_t tid, const char *file, char *text,
			size_t room)
{
	char path[96];
	FILE *stream;
	size_t length = 0;

	snprintf(path, sizeof(path), "/proc/%u/task/%u/%s", pid, tid, file);
	stream = fopen(path, "re");
	if (stream) {
		length = fread(text, 1, room - 1, stream);
		fclose(stream);
	}
	text[length] = '\0';
	return length;
}

/* The name may hold anything, ')' too: the last one ends it. */
static int read_stat(uint32_t pid, struct task *task)
{
	char text[1024], *open, *close;
	unsigned long user = 0, system = 0;
	size_t length;

	if (!read_text(pid, task->tid, "stat", text, sizeof(text)))
		return -ESRCH;
	open = strchr(text, '(');
	close = strrchr(text, ')');
	if (!open || !close || close < open ||
	    sscanf(close + 1, " %c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu",
		   &task->state, &user, &system) != 3)
		return -ESRCH;
	length = (size_t)(close - open - 1);
	if (length >= sizeof(task->name))
		length = sizeof(task->name) - 1;
	memcpy(task->name, open + 1, length);
	task->cpu_s = (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
	read_text(pid, task->tid, "wchan", task->wchan, sizeof(task->wchan));
	if (strcmp(task->wchan, "0") == 0)
		task->wchan[0] = '\0';
	return 0;
}

static int by_tid(const void *a, const void *b)
{
	const struct task *x = a, *y = b;

	return (x->tid > y->tid) - (x->tid < y->tid);
}

static int add_task(struct thread_tasks *tasks, uint32_t pid, uint32_t tid)
{
	struct task task = { .tid = tid }, *grown;

	if (read_stat(pid, &task) < 0)
		return 0; /* it has ended */
	grown = realloc(tasks->tasks, (tasks->count + 1) * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	tasks->tasks = grown;
	tasks->tasks[tasks->count++] = task;
	return 0;
}

static int list(uint32_t pid, struct thread_tasks *tasks)
{
	char path[64];
	struct dirent *entry;
	DIR *dir;
	int r = 0;

	snprintf(path, sizeof(path), "/proc/%u/task", pid);
	dir = opendir(path);
	if (!dir)
		return -errno;
	while (r == 0 && (entry = readdir(dir)) != NULL) {
		uint32_t tid = (uint32_t)strtoul(entry->d_name, NULL, 10);

		if (tid > 0)
			r = add_task(tasks, pid, tid);
	}
	closedir(dir);
	if (tasks->count > 0)
		qsort(tasks->tasks, tasks->count, sizeof(*tasks->tasks), by_tid);
	return r;
}

static char *copy_of(const char *text)
{
	return text ? strdup(text) : NULL;
}

static const char *base_name(const char *path)
{
	const char *slash = path ? strrchr(path, '/') : NULL;

	return slash ? slash + 1 : path ? path : "";
}

static void name_frame(Dwfl_Module *module, const char *module_name, Dwarf_Addr pc,
		       struct task_frame *frame)
{
	const char *symbol = module ? dwfl_module_addrname(module, pc) : NULL;
	Dwfl_Line *line = module ? dwfl_module_getsrc(module, pc) : NULL;
	Dwarf_Addr start = 0;
	char text[4096];

	if (module)
		dwfl_module_info(module, NULL, &start, NULL, NULL, NULL, NULL, NULL);
	snprintf(text, sizeof(text), "%.120s+0x%" PRIx64,
		 *module_name ? module_name : "?", (uint64_t)(pc - start));
	if (symbol) /* without the version of the symbol */
		snprintf(text, sizeof(text), "%.*s", (int)strcspn(symbol, "@"), symbol);
	frame->function = symbol ? demangle(text) : strdup(text);
	frame->module = strdup(module_name);
	if (line)
		frame->file = copy_of(base_name(
			dwfl_lineinfo(line, NULL, &frame->line, NULL, NULL, NULL)));
}

static int take_frame(Dwfl_Frame *from, void *arg)
{
	struct reading *reading = arg;
	struct task *task = reading->task;
	struct task_frame frame = { 0 };
	bool exact;
	Dwarf_Addr pc;
	Dwfl_Module *module;
	const char *path = NULL, *name;

	if (!dwfl_frame_pc(from, &pc, &exact) || task->frames_count == FRAMES_MAX)
		return DWARF_CB_ABORT;
	pc -= exact ? 0 : 1;
	module = dwfl_addrmodule(dwfl_thread_dwfl(dwfl_frame_thread(from)), pc);
	name = module ? dwfl_module_info(module, NULL, NULL, NULL, NULL, NULL, &path,
					 NULL)
		      : "";
	name = base_name(path ? path : name);
	if (strncmp(name, "libheapring", 11) == 0)
		return DWARF_CB_OK;
	if (!task->frames)
		task->frames = calloc(FRAMES_MAX, sizeof(*task->frames));
	if (!task->frames)
		return DWARF_CB_ABORT;
	name_frame(module, name, pc, &frame);
	task->frames[task->frames_count++] = frame;
	return DWARF_CB_OK;
}

static int take_thread(Dwfl_Thread *thread, void *arg)
{
	struct reading *reading = arg;
	struct task key = { .tid = (uint32_t)dwfl_thread_tid(thread) };

	reading->task = bsearch(&key, reading->to->tasks, reading->to->count, sizeof(key),
				by_tid);
	if (!reading->task)
		return DWARF_CB_OK;
	errno = 0;
	/* a walk may end in an error after all its frames were taken */
	if (dwfl_thread_getframes(thread, take_frame, reading) != 0 &&
	    reading->task->frames_count == 0)
		reading->error = errno ? errno : EPERM;
	return DWARF_CB_OK;
}

static void refuse(struct thread_tasks *tasks, const char *why)
{
	snprintf(tasks->refused, sizeof(tasks->refused),
		 "no present stacks: %s; be the same user or root, and see "
		 "/proc/sys/kernel/yama/ptrace_scope",
		 why);
}

static void read_stacks(uint32_t pid, struct thread_tasks *tasks)
{
	static char *debuginfo_path;
	static const Dwfl_Callbacks callbacks = {
		.find_elf = dwfl_linux_proc_find_elf,
		.find_debuginfo = dwfl_standard_find_debuginfo,
		.debuginfo_path = &debuginfo_path,
	};
	struct reading reading = { .to = tasks };
	Dwfl *dwfl;
	size_t with = 0;

	unsetenv("DEBUGINFOD_URLS"); /* no network unless it was asked for */
	dwfl = dwfl_begin(&callbacks);
	if (!dwfl)
		return;
	if (dwfl_linux_proc_report(dwfl, (pid_t)pid) != 0 ||
	    dwfl_report_end(dwfl, NULL, NULL) != 0)
		refuse(tasks, "its memory map is not readable");
	else if (dwfl_linux_proc_attach(dwfl, (pid_t)pid, false) != 0)
		refuse(tasks, dwfl_errmsg(-1));
	else
		dwfl_getthreads(dwfl, take_thread, &reading);
	for (size_t i = 0; i < tasks->count; i++)
		with += tasks->tasks[i].frames_count > 0;
	if (reading.error && with == 0)
		refuse(tasks, strerror(reading.error));
	dwfl_end(dwfl);
}

int thread_tasks_read(uint32_t pid, struct thread_tasks *ret_tasks, struct fault *fault)
{
	struct thread_tasks tasks = { 0 };
	int r = list(pid, &tasks);

	if (r < 0) {
		thread_tasks_done(&tasks);
		return fault_set(fault, FAULT_TARGET, r,
				 "cannot list the threads of process %u: %s", pid,
				 strerror(-r));
	}
	read_stacks(pid, &tasks);
	*ret_tasks = tasks;
	return 0;
}

void thread_tasks_done(struct thread_tasks *tasks)
{
	for (size_t i = 0; i < tasks->count; i++) {
		for (size_t f = 0; f < tasks->tasks[i].frames_count; f++) {
			free(tasks->tasks[i].frames[f].function);
			free(tasks->tasks[i].frames[f].file);
			free(tasks->tasks[i].frames[f].module);
		}
		free(tasks->tasks[i].frames);
	}
	free(tasks->tasks);
	memset(tasks, 0, sizeof(*tasks));
}
