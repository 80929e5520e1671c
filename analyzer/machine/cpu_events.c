/*
 * cpu_events - where a process's threads are, 99 times per second of CPU time
 *
 * An event counts one thread on one CPU, and its heirs; all events of one CPU share
 * that CPU's ring, as the kernel wants it for events that are inherited. A ring's
 * size is what an unprivileged user may lock for each CPU.
 */
#include "analyzer/machine/cpu_events.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
#include <asm/perf_regs.h>
/* the kernel's register for each DWARF number */
static const uint8_t kernel_register[] = {
	PERF_REG_X86_AX,  PERF_REG_X86_DX,  PERF_REG_X86_CX,  PERF_REG_X86_BX,
	PERF_REG_X86_SI,  PERF_REG_X86_DI,  PERF_REG_X86_BP,  PERF_REG_X86_SP,
	PERF_REG_X86_R8,  PERF_REG_X86_R9,  PERF_REG_X86_R10, PERF_REG_X86_R11,
	PERF_REG_X86_R12, PERF_REG_X86_R13, PERF_REG_X86_R14, PERF_REG_X86_R15,
	PERF_REG_X86_IP
};
#define REGISTER_SP 7u
#define REGISTER_PC 16u
#elif defined(__aarch64__)
static const uint8_t kernel_register[] = { 0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10,
					   11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21,
					   22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32 };
#define REGISTER_SP 31u
#define REGISTER_PC 32u
#endif
#define REGISTERS (sizeof(kernel_register) / sizeof(kernel_register[0]))

#define EVENTS_MAX 16384u
#define RING_BYTES (512u << 10)
#define RECORD_MAX 65536u

struct ring {
	struct perf_event_mmap_page *page; /* NULL: the CPU is not there */
	int fd;                            /* the event that it belongs to */
};

struct cpu_events {
	uint32_t pid;
	struct ring *rings; /* by CPU */
	unsigned cpus;
	int *fds;
	unsigned fds_count;
	bool user_only;
	uint64_t lost;
	size_t page_bytes;
	uint8_t record[RECORD_MAX];
};

static uint64_t register_mask(void)
{
	uint64_t mask = 0;

	for (unsigned i = 0; i < REGISTERS; i++)
		mask |= 1ull << kernel_register[i];
	return mask;
}

static int open_event(const struct cpu_events *events, int tid, int cpu)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(attr),
		.config = PERF_COUNT_SW_CPU_CLOCK,
		.sample_period = CPU_PERIOD_NS,
		.sample_type =
			PERF_SAMPLE_TID | PERF_SAMPLE_REGS_USER | PERF_SAMPLE_STACK_USER,
		.sample_regs_user = register_mask(),
		.sample_stack_user = CPU_STACK_BYTES,
		.inherit = 1,
		.exclude_kernel = events->user_only,
		.exclude_hv = 1,
	};

	return (int)syscall(SYS_perf_event_open, &attr, tid, cpu, -1,
			    PERF_FLAG_FD_CLOEXEC);
}

static bool map_ring(struct cpu_events *events, unsigned cpu, int fd)
{
	void *page = mmap(NULL, events->page_bytes + RING_BYTES, PROT_READ | PROT_WRITE,
			  MAP_SHARED, fd, 0);

	if (page == MAP_FAILED)
		return false;
	events->rings[cpu].page = page;
	events->rings[cpu].fd = fd;
	return true;
}

/* 0, or a negative errno. A CPU that is off and a thread that ended are none. */
static int add_event(struct cpu_events *events, int tid, unsigned cpu)
{
	int fd = open_event(events, tid, (int)cpu);

	if (fd < 0)
		return errno == ENODEV || errno == ESRCH ? 0 : -errno;
	events->fds[events->fds_count++] = fd;
	if (!events->rings[cpu].page)
		return map_ring(events, cpu, fd) ? 0 : -errno;
	return ioctl(fd, PERF_EVENT_IOC_SET_OUTPUT, events->rings[cpu].fd) == 0 ? 0
										: -errno;
}

static int add_threads(struct cpu_events *events)
{
	struct dirent *entry;
	char path[64];
	int r = 0;
	DIR *tasks;

	snprintf(path, sizeof(path), "/proc/%" PRIu32 "/task", events->pid);
	tasks = opendir(path);
	if (!tasks)
		return -ESRCH;
	while (r == 0 && (entry = readdir(tasks))) {
		int tid = atoi(entry->d_name);

		if (tid > 0 && events->fds_count + events->cpus > EVENTS_MAX)
			r = -EMFILE;
		for (unsigned cpu = 0; tid > 0 && r == 0 && cpu < events->cpus; cpu++)
			r = add_event(events, tid, cpu);
	}
	closedir(tasks);
	return r == 0 && events->fds_count == 0 ? -ESRCH : r;
}

static int explain(uint32_t pid, int error, struct fault *fault)
{
	char level[16] = "?";
	FILE *stream = fopen("/proc/sys/kernel/perf_event_paranoid", "re");

	if (stream) {
		if (fscanf(stream, "%15s", level) != 1)
			strcpy(level, "?");
		fclose(stream);
	}
	if (error == -EMFILE)
		return fault_set(
			fault, FAULT_TARGET, error,
			"process %u has too many threads for a CPU profile: an "
			"event is needed for each on each CPU, and only %u may be "
			"open",
			pid, EVENTS_MAX);
	if (error == -ESRCH)
		return fault_set(fault, FAULT_TARGET, error, "process %u is gone", pid);
	return fault_set(
		fault, FAULT_TARGET,
		error == -EACCES || error == -ENOSYS ? -EPERM : error,
		"the kernel does not let this user take a CPU profile of process "
		"%u (%s): kernel.perf_event_paranoid is %s (2 or less is needed, "
		"or CAP_PERFMON), and a container's seccomp profile may forbid "
		"perf_event_open",
		pid, strerror(-error), level);
}

static void close_all(struct cpu_events *events)
{
	for (unsigned cpu = 0; cpu < events->cpus; cpu++) {
		if (events->rings[cpu].page)
			munmap(events->rings[cpu].page, events->page_bytes + RING_BYTES);
		events->rings[cpu].page = NULL;
	}
	for (unsigned i = 0; i < events->fds_count; i++)
		close(events->fds[i]);
	events->fds_count = 0;
}

int cpu_events_open(uint32_t pid, struct cpu_events **ret_events, struct fault *fault)
{
	struct cpu_events *events = calloc(1, sizeof(*events));
	int r = -ENOMEM;

	if (events) {
		events->pid = pid;
		events->page_bytes = (size_t)sysconf(_SC_PAGESIZE);
		events->cpus = (unsigned)sysconf(_SC_NPROCESSORS_CONF);
		events->rings = calloc(events->cpus, sizeof(*events->rings));
		events->fds = calloc(EVENTS_MAX, sizeof(*events->fds));
		if (events->rings && events->fds)
			r = add_threads(events);
	}
	if (r == -EACCES) { /* an ordinary user may not look into the kernel */
		close_all(events);
		events->user_only = true;
		r = add_threads(events);
	}
	if (r < 0) {
		cpu_events_close(events);
		return explain(pid, r, fault);
	}
	*ret_events = events;
	return 0;
}

void cpu_events_close(struct cpu_events *events)
{
	if (!events)
		return;
	if (events->rings && events->fds)
		close_all(events);
	free(events->rings);
	free(events->fds);
	free(events);
}

/* Where the n-th register of the mask is; the kernel writes them in order of bits. */
static unsigned position(unsigned bit)
{
	return (unsigned)__builtin_popcountll(register_mask() & ((1ull << bit) - 1));
}

/* tid, registers, stack: in the order of the bits of sample_type. */
static void show_sample(struct cpu_events *events, const uint8_t *at, const uint8_t *end,
			cpu_sample_fn *fn, void *arg)
{
	struct cpu_sample sample = { .registers_count = REGISTERS };
	uint32_t ids[2];
	uint64_t abi, size, used, raw[REGISTERS];

	if (end - at < (ptrdiff_t)(sizeof(ids) + sizeof(abi) + sizeof(raw) + 16))
		return;
	memcpy(ids, at, sizeof(ids));
	memcpy(&abi, at + 8, sizeof(abi));
	memcpy(raw, at + 16, sizeof(raw));
	at += 16 + sizeof(raw);
	memcpy(&size, at, sizeof(size));
	at += 8;
	/* a thread that just ends has no registers; a child is not ours */
	if (abi != PERF_SAMPLE_REGS_ABI_64 || ids[0] != events->pid ||
	    size > (uint64_t)(end - at) - 8)
		return;
	memcpy(&used, at + size, sizeof(used));
	for (unsigned i = 0; i < REGISTERS; i++)
		sample.registers[i] = raw[position(kernel_register[i])];
	sample.tid = ids[1];
	sample.pc = sample.registers[REGISTER_PC];
	sample.sp = sample.registers[REGISTER_SP];
	sample.stack = at;
	sample.stack_bytes = used < size ? used : size;
	fn(arg, &sample);
}

static void show_record(struct cpu_events *events, size_t bytes, cpu_sample_fn *fn,
			void *arg)
{
	struct perf_event_header header;
	uint64_t lost[2];

	memcpy(&header, events->record, sizeof(header));
	if (header.type == PERF_RECORD_SAMPLE)
		show_sample(events, events->record + sizeof(header),
			    events->record + bytes, fn, arg);
	if (header.type == PERF_RECORD_LOST && bytes >= sizeof(header) + sizeof(lost)) {
		memcpy(lost, events->record + sizeof(header), sizeof(lost));
		events->lost += lost[1];
	}
}

/* A record may go round the end of the ring. */
static void copy_out(const struct ring *ring, size_t page_bytes, uint64_t at, void *to,
		     size_t bytes)
{
	const uint8_t *data = (const uint8_t *)ring->page + page_bytes;
	size_t from = at % RING_BYTES, first = RING_BYTES - from;

	if (first > bytes)
		first = bytes;
	memcpy(to, data + from, first);
	memcpy((uint8_t *)to + first, data, bytes - first);
}

static void read_ring(struct cpu_events *events, struct ring *ring, cpu_sample_fn *fn,
		      void *arg)
{
	/* the kernel's store of data_head is a release: the records are there */
	uint64_t head = __atomic_load_n(&ring->page->data_head, __ATOMIC_ACQUIRE);
	uint64_t tail = ring->page->data_tail;

	while (tail < head) {
		struct perf_event_header header;

		copy_out(ring, events->page_bytes, tail, &header, sizeof(header));
		if (header.size < sizeof(header))
			break;
		copy_out(ring, events->page_bytes, tail, events->record, header.size);
		show_record(events, header.size, fn, arg);
		tail += header.size;
		/* release: the kernel may write there only after we have read */
		__atomic_store_n(&ring->page->data_tail, tail, __ATOMIC_RELEASE);
	}
}

void cpu_events_read(struct cpu_events *events, cpu_sample_fn *fn, void *arg)
{
	for (unsigned cpu = 0; cpu < events->cpus; cpu++)
		if (events->rings[cpu].page)
			read_ring(events, &events->rings[cpu], fn, arg);
}

uint64_t cpu_events_lost(const struct cpu_events *events)
{
	return events->lost;
}
