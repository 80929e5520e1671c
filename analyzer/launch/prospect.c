/*
 * prospect - what can be expected of profiling a program, before it runs
 *
 * The loader looks a symbol up in the program first, then in the preloaded shim,
 * then in the libraries. So a malloc that the program itself exports comes before
 * ours and we see no call at all; one in a library comes after, and is what the shim
 * forwards to, unless the library was linked with -Bsymbolic and prefers its own.
 */
#include "analyzer/launch/prospect.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "analyzer/launch/shim_path.h"

#define ALLOCATORS_ADVICE                                                                \
	"link the allocator dynamically, or use its own profiler (jemalloc: "            \
	"MALLOC_CONF=prof:true)"

__attribute__((format(printf, 4, 5))) static void judge(struct prospect *prospect,
							enum prospect_verdict verdict,
							const char *advice,
							const char *reason, ...)
{
	va_list args;

	if (verdict <= prospect->verdict)
		return; /* the worst counts, and of two the first */
	prospect->verdict = verdict;
	va_start(args, reason);
	vsnprintf(prospect->reason, sizeof(prospect->reason), reason, args);
	va_end(args);
	snprintf(prospect->advice, sizeof(prospect->advice), "%s", advice);
}

static const struct elf_facts *program_of(const struct prospect *prospect)
{
	return &prospect->modules.entries[0].facts;
}

static void judge_kind(struct prospect *prospect)
{
	const struct elf_facts *facts = program_of(prospect);

	if (facts->kind == ELF_FACTS_LIBRARY || facts->kind == ELF_FACTS_OTHER)
		judge(prospect, PROSPECT_NONE, "name a program that uses it",
		      "it is no program but a library or an object file");
	if (facts->kind == ELF_FACTS_DYNAMIC)
		return;
	if (facts->is_go)
		judge(prospect, PROSPECT_NONE,
		      "Go has a profiler of its own: import runtime/pprof or "
		      "net/http/pprof",
		      "it is a statically linked Go program, whose memory comes from "
		      "Go's "
		      "runtime and not from malloc");
	judge(prospect, PROSPECT_NONE, "link it dynamically (without -static)",
	      "it is statically linked%s, and LD_PRELOAD reaches only dynamically linked "
	      "programs",
	      facts->kind == ELF_FACTS_STATIC_PIE ? " (static-pie)" : "");
}

static void judge_shim(struct prospect *prospect)
{
	const struct elf_facts *facts = program_of(prospect);
	const struct elf_facts *shim = &prospect->shim_facts;

	if (!*prospect->shim)
		judge(prospect, PROSPECT_NONE, "build or install heapring again",
		      "libheapring.so is missing");
	else if (facts->machine != shim->machine || facts->is_64 != shim->is_64)
		judge(prospect, PROSPECT_NONE, "build heapring for that processor, too",
		      "it is for another kind of processor (machine %u) than "
		      "libheapring.so (%s)",
		      facts->machine, elf_facts_machine(shim));
	else if (*facts->libc && *shim->libc && strcmp(facts->libc, shim->libc) != 0)
		judge(prospect, PROSPECT_NONE,
		      "build libheapring.so with that C library's compiler (musl-gcc)",
		      "it uses %s, and libheapring.so was built for %s", facts->libc,
		      shim->libc);
}

static void judge_secure(struct prospect *prospect)
{
	if (!prospect->file.secure)
		return;
	if (strcmp(prospect->file.secure, "file capabilities") == 0)
		judge(prospect, PROSPECT_NONE,
		      "run it as root, or profile a copy of it (cp drops them)",
		      "it has file capabilities, and the loader ignores LD_PRELOAD for "
		      "such "
		      "programs");
	judge(prospect, PROSPECT_NONE, "run it as its owner, or profile a copy of it",
	      "it is %s, and the loader ignores LD_PRELOAD for such programs",
	      prospect->file.secure);
}

static bool is_libc(const char *path)
{
	const char *base = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;

	return strncmp(base, "libc.", 5) == 0 || strncmp(base, "libc-", 5) == 0 ||
	       strncmp(base, "ld-", 3) == 0;
}

/* What the libraries' calls are bound to, behind the shim: libc's malloc is the last. */
static void find_allocator(struct prospect *prospect)
{
	const struct module_list *modules = &prospect->modules;

	prospect->allocator = "";
	for (size_t i = 0; i < modules->count; i++) {
		const struct module_entry *entry = &modules->entries[i];

		if (entry->facts.malloc != ELF_MALLOC_EXPORTED)
			continue;
		if (!*prospect->allocator || !is_libc(entry->path))
			prospect->allocator = entry->path;
		if (!is_libc(entry->path))
			return;
	}
}

static void judge_program_malloc(struct prospect *prospect)
{
	const struct elf_facts *facts = program_of(prospect);
	const char *own = *facts->carries ? facts->carries : "a malloc";

	if (facts->malloc == ELF_MALLOC_EXPORTED)
		judge(prospect, PROSPECT_NONE, ALLOCATORS_ADVICE,
		      "it exports a malloc of its own%s%s, which comes before any "
		      "preloaded "
		      "one",
		      *facts->carries ? ": " : "", facts->carries);
	else if (facts->malloc == ELF_MALLOC_HIDDEN)
		judge(prospect, PROSPECT_PART, ALLOCATORS_ADVICE,
		      "it has %s linked in for itself; only what its libraries allocate "
		      "would be counted",
		      own);
	else if (*facts->carries)
		judge(prospect, PROSPECT_PART, ALLOCATORS_ADVICE,
		      "%s is linked into it; what it allocates there is not seen", own);
	else if (facts->is_go)
		judge(prospect, PROSPECT_PART,
		      "use Go's own profiler for the rest (runtime/pprof)",
		      "it is a Go program: what Go allocates does not come from malloc, "
		      "only "
		      "what its C parts do");
}

/* heapring run starts such a program without the shim. */
static void judge_sanitizer(struct prospect *prospect)
{
	const char *library = program_of(prospect)->sanitizer;

	if (*library)
		judge(prospect, PROSPECT_NONE,
		      "build it without -fsanitize; it runs without the shim",
		      "%s replaces malloc, and has to come before every other library",
		      library);
}

static void judge_libraries(struct prospect *prospect)
{
	const struct module_list *modules = &prospect->modules;

	for (size_t i = 1; i < modules->count; i++) {
		const struct module_entry *entry = &modules->entries[i];

		if (entry->missing)
			judge(prospect, PROSPECT_NONE,
			      "install it, or set LD_LIBRARY_PATH",
			      "its library %s is not found, so it does not run",
			      entry->missing);
		else if (entry->facts.symbolic &&
			 entry->facts.malloc >= ELF_MALLOC_EXPORTED)
			judge(prospect, PROSPECT_PART, ALLOCATORS_ADVICE,
			      "%s has a malloc and was linked with -Bsymbolic: its own "
			      "calls do not reach the shim",
			      entry->path);
	}
}

static void find_shim(struct prospect *prospect)
{
	struct fault ignored;

	if (shim_path_find(prospect->shim, sizeof(prospect->shim), &ignored) < 0 ||
	    elf_facts_read(prospect->shim, &prospect->shim_facts) < 0)
		*prospect->shim = '\0';
}

static void judge_all(struct prospect *prospect)
{
	find_shim(prospect);
	find_allocator(prospect);
	judge_secure(prospect);
	judge_kind(prospect);
	judge_shim(prospect);
	judge_sanitizer(prospect);
	judge_libraries(prospect);
	judge_program_malloc(prospect);
}

int prospect_load(const char *program, struct prospect *ret_prospect, struct fault *fault)
{
	struct prospect *prospect = ret_prospect;
	int r;

	memset(prospect, 0, sizeof(*prospect));
	r = program_file_find(program, &prospect->file);
	if (r == 0)
		r = module_list_of_file(prospect->file.path, &prospect->modules);
	if (r == -EINVAL)
		return fault_set(fault, FAULT_INPUT, r,
				 "%s is neither an ELF program nor a script",
				 prospect->file.path);
	if (r < 0)
		return fault_set(fault, FAULT_INPUT, r, "cannot read %s: %s",
				 prospect->file.path, strerror(-r));
	judge_all(prospect);
	return 0;
}

int prospect_load_process(uint32_t pid, struct prospect *ret_prospect,
			  struct fault *fault)
{
	struct prospect *prospect = ret_prospect;
	int r;

	memset(prospect, 0, sizeof(*prospect));
	r = module_list_of_process(pid, &prospect->modules);
	if (r < 0)
		return fault_set(fault, FAULT_INPUT, r,
				 "cannot read the mappings of process %u: %s", pid,
				 r == -EACCES ? "it is another user's, or undumpable; "
						"try as root"
					      : strerror(-r));
	snprintf(prospect->file.path, sizeof(prospect->file.path), "%s",
		 prospect->modules.entries[0].path);
	judge_all(prospect);
	return 0;
}

void prospect_done(struct prospect *prospect)
{
	module_list_done(&prospect->modules);
}

const char *prospect_verdict_name(enum prospect_verdict verdict)
{
	static const char *const names[] = { "can be profiled", "can be profiled in part",
					     "cannot be profiled" };

	return names[verdict];
}
