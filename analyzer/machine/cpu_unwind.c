/*
 * cpu_unwind - the call stack of a copied piece of stack
 *
 * libdwfl follows the rows of .eh_frame, and frame pointers where there are none;
 * it asks here for registers and memory. Debug information is not looked for: names
 * come later, and from elsewhere.
 */
#include "analyzer/machine/cpu_unwind.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <elfutils/libdwfl.h>

struct cpu_unwinder {
	uint32_t pid;
	Dwfl *dwfl;
	time_t reported; /* when the mappings were read last */
	const struct cpu_sample *sample;
	struct cpu_stack *stack;
};

static int find_no_debuginfo(Dwfl_Module *module, void **user, const char *name,
			     Dwarf_Addr base, const char *file, const char *link,
			     GElf_Word crc, char **ret_name)
{
	return -1;
}

static const Dwfl_Callbacks files = {
	.find_elf = dwfl_linux_proc_find_elf,
	.find_debuginfo = find_no_debuginfo,
};

static pid_t next_thread(Dwfl *dwfl, void *arg, void **thread_arg)
{
	struct cpu_unwinder *unwinder = arg;

	if (*thread_arg)
		return 0;
	*thread_arg = unwinder;
	return (pid_t)unwinder->sample->tid;
}

static bool get_thread(Dwfl *dwfl, pid_t tid, void *arg, void **thread_arg)
{
	*thread_arg = arg;
	return true;
}

static bool read_memory(Dwfl *dwfl, Dwarf_Addr address, Dwarf_Word *ret_word, void *arg)
{
	const struct cpu_unwinder *unwinder = arg;
	const struct cpu_sample *sample = unwinder->sample;
	uint64_t word, at = address - sample->sp;

	if (sample->stack_bytes < sizeof(word) || at > sample->stack_bytes - sizeof(word))
		return false;
	memcpy(&word, sample->stack + at, sizeof(word));
	*ret_word = word;
	return true;
}

static bool set_registers(Dwfl_Thread *thread, void *arg)
{
	const struct cpu_unwinder *unwinder = arg;
	const struct cpu_sample *sample = unwinder->sample;
	Dwarf_Word registers[CPU_REGISTERS_MAX];

	for (unsigned i = 0; i < sample->registers_count; i++)
		registers[i] = sample->registers[i];
	dwfl_thread_state_register_pc(thread, sample->pc);
	return dwfl_thread_state_registers(thread, 0, sample->registers_count, registers);
}

static const Dwfl_Thread_Callbacks state = {
	.next_thread = next_thread,
	.get_thread = get_thread,
	.memory_read = read_memory,
	.set_initial_registers = set_registers,
};

static void report(struct cpu_unwinder *unwinder)
{
	dwfl_report_begin(unwinder->dwfl);
	dwfl_linux_proc_report(unwinder->dwfl, (pid_t)unwinder->pid);
	dwfl_report_end(unwinder->dwfl, NULL, NULL);
	unwinder->reported = time(NULL);
}

struct cpu_unwinder *cpu_unwinder_new(uint32_t pid)
{
	struct cpu_unwinder *unwinder = calloc(1, sizeof(*unwinder));

	if (!unwinder)
		return NULL;
	unwinder->pid = pid;
	unwinder->dwfl = dwfl_begin(&files);
	if (unwinder->dwfl) {
		report(unwinder);
		if (dwfl_attach_state(unwinder->dwfl, NULL, (pid_t)pid, &state, unwinder))
			return unwinder;
	}
	cpu_unwinder_free(unwinder);
	return NULL;
}

void cpu_unwinder_free(struct cpu_unwinder *unwinder)
{
	if (!unwinder)
		return;
	if (unwinder->dwfl)
		dwfl_end(unwinder->dwfl);
	free(unwinder);
}

/* The first frame stands at an instruction, the others behind a call. */
static int add_frame(Dwfl_Frame *frame, void *arg)
{
	struct cpu_unwinder *unwinder = arg;
	struct cpu_stack *stack = unwinder->stack;
	bool is_activation;
	Dwarf_Addr pc;

	if (stack->count == CPU_FRAMES_MAX) {
		stack->end = HR_END_DEPTH;
		return DWARF_CB_ABORT;
	}
	if (!dwfl_frame_pc(frame, &pc, &is_activation))
		return DWARF_CB_ABORT;
	stack->pcs[stack->count++] = is_activation ? pc + 1 : pc;
	return DWARF_CB_OK;
}

static enum heapring_end reason(const struct cpu_unwinder *unwinder)
{
	const struct cpu_stack *stack = unwinder->stack;
	uint64_t outermost =
		stack->count ? stack->pcs[stack->count - 1] - 1 : unwinder->sample->pc;

	if (stack->end != HR_END_COMPLETE)
		return stack->end;
	if (unwinder->sample->stack_bytes == CPU_STACK_BYTES)
		return HR_END_DEPTH;
	return dwfl_addrmodule(unwinder->dwfl, outermost) ? HR_END_NO_CFI
							  : HR_END_NO_MODULE;
}

void cpu_unwind(struct cpu_unwinder *unwinder, const struct cpu_sample *sample,
		struct cpu_stack *ret_stack)
{
	int r;

	ret_stack->count = 0;
	ret_stack->end = HR_END_COMPLETE;
	unwinder->sample = sample;
	unwinder->stack = ret_stack;
	/* code that was mapped meanwhile */
	if (!dwfl_addrmodule(unwinder->dwfl, sample->pc) &&
	    time(NULL) > unwinder->reported)
		report(unwinder);
	r = dwfl_getthread_frames(unwinder->dwfl, (pid_t)sample->tid, add_frame,
				  unwinder);
	if (ret_stack->count == 0)
		ret_stack->pcs[ret_stack->count++] = sample->pc + 1;
	if (r != 0)
		ret_stack->end = reason(unwinder);
}

bool cpu_unwinder_module(struct cpu_unwinder *unwinder, uint64_t address,
			 struct heapring_module *ret_module)
{
	Dwfl_Module *module = dwfl_addrmodule(unwinder->dwfl, address);
	struct heapring_module found = { .ready = 1, .gen_first = 1 };
	const char *name, *file = NULL;
	const unsigned char *id;
	Dwarf_Addr start, end, bias, id_address;
	int length;

	if (!module)
		return false;
	name = dwfl_module_info(module, NULL, &start, &end, NULL, NULL, &file, NULL);
	if (!dwfl_module_getelf(module, &bias))
		return false;
	found.start = start;
	found.end = end;
	found.bias = bias;
	snprintf(found.path, sizeof(found.path), "%s", file ? file : name);
	length = dwfl_module_build_id(module, &id, &id_address);
	if (length > 0 && length <= (int)sizeof(found.build_id)) {
		memcpy(found.build_id, id, (size_t)length);
		found.build_id_len = (uint8_t)length;
	}
	*ret_module = found;
	return true;
}
