#include "analyzer/resident/allocator_says.h"

#include <stdbool.h>
#include <sys/mman.h>

#include <heapring/live_memory.h>

#include "analyzer/segment/request.h"

_Static_assert(sizeof(((struct heapring_header *)0)->figures) ==
		       ALLOCATOR_SAYS_FIGURES * sizeof(uint64_t),
	       "one for each");

static const struct {
	const char *key, *what;
} names[ALLOCATOR_SAYS_FIGURES] = {
	[HR_FIGURE_IN_USE] = { "in_use", "blocks in use, rounded up" },
	[HR_FIGURE_CACHED] = { "cached", "freed, in caches for the next block" },
	[HR_FIGURE_FREE] = { "free", "freed, in pages that it keeps" },
	[HR_FIGURE_OWN] = { "own", "its own tables" },
	[HR_FIGURE_HELD] = { "held", "all that it holds of the kernel" },
	[HR_FIGURE_RETAINED] = { "retained",
				 "given back, the addresses kept (not resident)" },
};

static const char *how_of(uint32_t offer)
{
	static const char *const functions[] = {
		[HR_FIGURES_NONE] = NULL,
		[HR_FIGURES_GLIBC] = "mallinfo2()",
		[HR_FIGURES_TCMALLOC] = "MallocExtension_GetNumericProperty()",
		[HR_FIGURES_JEMALLOC] = "mallctl(\"stats.*\")",
		[HR_FIGURES_MIMALLOC] = "mi_process_info()",
	};

	return offer < sizeof(functions) / sizeof(functions[0]) ? functions[offer] : NULL;
}

static bool copy(const struct heapring_header *header, struct allocator_says *says)
{
	bool any = false;

	for (unsigned i = 0; i < ALLOCATOR_SAYS_FIGURES; i++) {
		says->figure[i] = __atomic_load_n(&header->figures[i], __ATOMIC_RELAXED);
		/* a segment may lie: no figure passes what JSON's integers hold */
		if (says->figure[i] > INT64_MAX)
			says->figure[i] = ALLOCATOR_SAYS_NOTHING;
		any = any || says->figure[i] != ALLOCATOR_SAYS_NOTHING;
	}
	return any;
}

static int ask(const struct target *target, void *ret_answer, struct fault *fault)
{
	struct allocator_says *says = ret_answer;
	const struct request request = {
		.how = how_of(target->header.figures_offer),
		.purpose = "tells its statistics",
		.wanted = offsetof(struct heapring_header, wanted_figures),
		.done = offsetof(struct heapring_header, figures_done),
	};
	struct heapring_header *header;
	int r = request_make(target, &request, &header, fault);

	says->how = request.how;
	if (r < 0)
		return r;
	if (!copy(header, says))
		r = request_refused(target, fault);
	munmap(header, HR_PAGE);
	return r;
}

int allocator_says_ask(const char *name, struct allocator_says *ret_says,
		       struct fault *fault)
{
	return request_of(name, ask, ret_says, fault);
}

const char *allocator_says_name(unsigned figure)
{
	return names[figure].what;
}

json_t *allocator_says_json(const struct allocator_says *says)
{
	json_t *object = says ? json_pack("{s:s}", "how", says->how) : json_null();
	for (unsigned i = 0; says && object && i < ALLOCATOR_SAYS_FIGURES; i++)
		json_object_set_new(object, names[i].key,
				    says->figure[i] == ALLOCATOR_SAYS_NOTHING
					    ? json_null()
					    : json_integer((json_int_t)says->figure[i]));
	return object;
}
