/*
 * verify - the unwind oracle: libunwind's cursor, from the same caller
 *
 * The shim's stack is read back from the tree: the chain of nodes from the
 * site's outward. libunwind starts in verify_stack() itself and steps until it
 * stands on the hook's caller; from there both must agree.
 *
 * What is compared: every frame's pc, and where the stack ends.
 *
 * Where libunwind is not asked
 *   - Behind code without an unwind row (HR_END_NO_MODULE, HR_END_NO_CFI) it
 *     goes on by guessing from rbp; the shim stops and says why. The frames up to
 *     there are compared, and that libunwind has no row there either.
 *   - The frame that a signal interrupted is stored by the shim as pc + 1, so
 *     that readers, who look up pc - 1, find the interrupted instruction.
 *
 * unw_step() with a cursor, not unw_backtrace(): the latter's fast trace caches
 * what it guessed about a frame by pc alone.
 */
#include "preload/unwind/verify.h"

#define UNW_LOCAL_ONLY
#include <errno.h>
#include <fcntl.h>
#include <libunwind.h>
#include <string.h>

#include "arch.h"
#include "preload/platform/os_linux.h"
#include "preload/platform/text.h"
#include "preload/process/config.h"
#include "preload/process/identity.h"
#include "preload/process/process.h"
#include "preload/unwind/modules.h"
#include "preload/unwind/tree.h"

#define LINE_BYTES 65536u
#define REPORTS_MAX 20u

struct walked {
	uintptr_t pc[CONFIG_DEPTH_MAX + 1];
	uint32_t frames;
	bool complete; /* ended by itself, before the room did */
	bool blind;    /* the last frame has no unwind row */
};

static uint64_t checked, differences;
static uint32_t finished;

static void text_hex(struct text *text, uintptr_t n)
{
	char digits[16];
	unsigned count = 0;

	do
		digits[count++] = "0123456789abcdef"[n % 16];
	while ((n /= 16) != 0);
	while (count > 0)
		text_char(text, digits[--count]);
}

static void text_pc(struct text *text, uintptr_t pc)
{
	struct module_view view;
	const char *slash;

	text_char(text, ' ');
	if (!os_module_at(pc - 1, &view)) {
		text_hex(text, pc);
		return;
	}
	slash = strrchr(view.name, '/');
	text_str(text, slash == NULL ? view.name : slash + 1);
	text_char(text, '+');
	text_hex(text, pc - view.bias);
}

static void text_stack(struct text *text, const char *name, const struct walked *walked)
{
	text_str(text, name);
	for (uint32_t i = 0; i < walked->frames; i++)
		text_pc(text, walked->pc[i]);
}

static void write_line(const struct text *text, const char *line)
{
	const char *log = identity_getenv("HEAPRING_VERIFY_LOG");
	long fd = 2;

	if (log != NULL)
		fd = arch_syscall(SYS_openat, AT_FDCWD, (long)log,
				  O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644, 0, 0);
	if (fd < 0)
		return;
	os_write_all((int)fd, line, (size_t)(text->at - line));
	if (log != NULL)
		os_close((int)fd);
}

static void report(const struct walked *ours, uint32_t end, const struct walked *theirs,
		   const char *path)
{
	static char line[LINE_BYTES]; /* a stack of the target may be small */
	static uint32_t busy;
	uint64_t nth = __atomic_add_fetch(&differences, 1, __ATOMIC_RELAXED);
	struct text text;

	if (nth > REPORTS_MAX || __atomic_exchange_n(&busy, 1, __ATOMIC_ACQUIRE) != 0)
		return;
	text = text_into(line, sizeof line);
	text_str(&text, "heapring-verify: pid ");
	text_u64(&text, os_pid());
	text_str(&text, " difference, found by ");
	text_str(&text, path);
	text_str(&text, ", end ");
	text_u64(&text, end);
	text_stack(&text, ": shim:", ours);
	text_stack(&text, " | libunwind:", theirs);
	text_str(&text, theirs->complete ? " end\n"
			: theirs->blind  ? " blind\n"
					 : " ...\n");
	write_line(&text, line);
	__atomic_store_n(&busy, 0, __ATOMIC_RELEASE);
}

/* The frames of a node; returns how the stack ended. */
static uint32_t read_back(uint32_t node, struct walked *walked)
{
	const struct heapring_node *record;

	for (walked->frames = 0; node >= HR_NODE_FIRST; node = record->parent) {
		record = tree_node(node);
		if (walked->frames < CONFIG_DEPTH_MAX)
			walked->pc[walked->frames++] = record->pc;
	}
	return node == HR_NODE_ROOT ? (uint32_t)HR_END_COMPLETE : node;
}

/* Where libunwind finds no row it makes one up, for a function of one byte. */
static bool has_row(unw_cursor_t *cursor)
{
	unw_proc_info_t info;

	return unw_get_proc_info(cursor, &info) == 0 && info.end_ip - info.start_ip > 1;
}

/* Steps to the hook's caller. False when libunwind never comes by there. */
static bool find_caller(unw_cursor_t *cursor, const struct frame *caller)
{
	unw_word_t sp = 0, pc = 0;

	while (sp < caller->sp) {
		if (unw_step(cursor) <= 0)
			return false;
		unw_get_reg(cursor, UNW_REG_SP, &sp);
		unw_get_reg(cursor, UNW_REG_IP, &pc);
	}
	return sp == caller->sp && pc == caller->pc;
}

/* At most `room` frames from the caller outward. */
static bool full_walk(const struct frame *caller, uint32_t room, struct walked *walked)
{
	unw_context_t context;
	unw_cursor_t cursor;
	bool after_signal = false;
	unw_word_t pc;

	walked->frames = 0;
	if (unw_getcontext(&context) != 0 || unw_init_local(&cursor, &context) != 0 ||
	    !find_caller(&cursor, caller))
		return false;
	while (walked->frames < room) {
		unw_get_reg(&cursor, UNW_REG_IP, &pc);
		if (pc == 0) {
			walked->complete = true;
			return true;
		}
		walked->pc[walked->frames++] = arch_strip(pc) + (after_signal ? 1 : 0);
		walked->blind = !has_row(&cursor);
		after_signal = unw_is_signal_frame(&cursor) > 0;
		if (unw_step(&cursor) <= 0) {
			walked->complete = true;
			return true;
		}
	}
	return true;
}

static bool agree(const struct walked *ours, uint32_t end, const struct walked *theirs)
{
	if (ours->frames > theirs->frames ||
	    memcmp(ours->pc, theirs->pc, ours->frames * sizeof ours->pc[0]) != 0)
		return false;
	switch (end) {
	case HR_END_COMPLETE:
		return theirs->complete && theirs->frames == ours->frames;
	case HR_END_DEPTH:
		return ours->frames == process_config()->depth;
	case HR_END_NO_MODULE:
	case HR_END_NO_CFI:
		return theirs->blind;
	default:
		return false;
	}
}

void verify_stack(uint32_t site, const struct frame *caller, const char *path)
{
	const struct heapring_site *record = tree_site_record(site - tree_site_base());
	struct walked ours = { .frames = 0 }, theirs = { .frames = 0 };
	int saved = errno;
	uint32_t end, room;

	if (record == NULL || site - tree_site_base() == HR_SITE_OVERFLOW)
		return;
	end = read_back(record->node, &ours);
	/* where the shim stopped for want of a row, libunwind's own view of that frame */
	room = end == HR_END_COMPLETE ? ours.frames + 1 : ours.frames;
	__atomic_fetch_add(&checked, 1, __ATOMIC_RELAXED);
	if (!full_walk(caller, room, &theirs) || !agree(&ours, end, &theirs))
		report(&ours, end, &theirs, path);
	errno = saved;
}

void verify_finish(void)
{
	char line[200];
	struct text text = text_into(line, sizeof line);

	if (__atomic_exchange_n(&finished, 1, __ATOMIC_RELAXED) != 0 ||
	    (differences == 0 && identity_getenv("HEAPRING_VERIFY_LOG") == NULL))
		return;
	text_str(&text, "heapring-verify: pid ");
	text_u64(&text, os_pid());
	text_str(&text, " stacks ");
	text_u64(&text, checked);
	text_str(&text, " differences ");
	text_u64(&text, differences);
	text_char(&text, '\n');
	write_line(&text, line);
}
