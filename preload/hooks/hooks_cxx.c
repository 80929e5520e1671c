/*
 * hooks_cxx - operator new and delete, in every form of C++17
 *
 * Most C++ runtimes build operator new on malloc. Then the block is counted by
 * the malloc hook and these functions only pass the call on, as a jump. Some
 * allocators (jemalloc, tcmalloc, mimalloc) define operators of their own that
 * do not end in malloc: when the object that provides operator new is the one
 * that provides malloc, blocks are recorded here, unless the malloc hook has
 * recorded them already.
 *
 * Exceptions pass through: a C frame without clean-up needs only its CFI.
 *
 * The runtime may be loaded later and privately (a C++ extension of a C
 * program), where RTLD_NEXT does not see it; it is then found by its name. In a
 * process without any, the operators are built on malloc and end the program
 * when memory ends, as they would without exceptions.
 */
#include <dlfcn.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "preload/allocator/next.h"
#include "preload/hooks/asked.h"
#include "preload/hooks/hooks.h"
#include "preload/record/record.h"

#define EXPORT __attribute__((visibility("default")))

_Thread_local struct asked asked;

enum operator_new { NEW, NEW_ARRAY, NEW_NOTHROW, NEW_ARRAY_NOTHROW, NEW_FORMS };
enum operator_delete {
	DEL,
	DEL_ARRAY,
	DEL_SIZED,
	DEL_ARRAY_SIZED,
	DEL_NOTHROW,
	DEL_ARRAY_NOTHROW,
	DEL_FORMS
};

typedef void *new_fn(size_t size, const void *nothrow);
typedef void *new_aligned_fn(size_t size, size_t align, const void *nothrow);
typedef void delete_fn(void *block, size_t size_or_nothrow);
typedef void delete_aligned_fn(void *block, size_t a, size_t b, const void *nothrow);

static const char *const new_names[NEW_FORMS] = { "_Znwm", "_Znam", "_ZnwmRKSt9nothrow_t",
						  "_ZnamRKSt9nothrow_t" };
static const char *const new_aligned_names[NEW_FORMS] = {
	"_ZnwmSt11align_val_t", "_ZnamSt11align_val_t",
	"_ZnwmSt11align_val_tRKSt9nothrow_t", "_ZnamSt11align_val_tRKSt9nothrow_t"
};
static const char *const delete_names[DEL_FORMS] = { "_ZdlPv",
						     "_ZdaPv",
						     "_ZdlPvm",
						     "_ZdaPvm",
						     "_ZdlPvRKSt9nothrow_t",
						     "_ZdaPvRKSt9nothrow_t" };
static const char *const delete_aligned_names[DEL_FORMS] = {
	"_ZdlPvSt11align_val_t",
	"_ZdaPvSt11align_val_t",
	"_ZdlPvmSt11align_val_t",
	"_ZdaPvmSt11align_val_t",
	"_ZdlPvSt11align_val_tRKSt9nothrow_t",
	"_ZdaPvSt11align_val_tRKSt9nothrow_t"
};

static struct {
	new_fn *new_[NEW_FORMS];
	new_aligned_fn *new_aligned[NEW_FORMS];
	delete_fn *delete_[DEL_FORMS];
	delete_aligned_fn *delete_aligned[DEL_FORMS];
	bool own;   /* the operators do not end in malloc: record here */
	bool ready; /* stored with release, last */
} cxx;

static void *composed_new(size_t size, const void *nothrow)
{
	void *block = malloc(size != 0 ? size : 1);

	(void)nothrow;
	if (block == NULL)
		abort();
	return block;
}

static void *composed_new_aligned(size_t size, size_t align, const void *nothrow)
{
	void *block = NULL;

	(void)nothrow;
	if (posix_memalign(&block, align < 8 ? 8 : align, size) != 0)
		abort();
	return block;
}

static void composed_delete(void *block, size_t unused)
{
	(void)unused;
	free(block);
}

static void composed_delete_aligned(void *block, size_t a, size_t b, const void *nothrow)
{
	(void)a;
	(void)b;
	(void)nothrow;
	free(block);
}

static void *runtime_function(const char *name)
{
	static const char *const runtimes[] = { "libstdc++.so.6", "libc++abi.so.1",
						"libc++.so.1" };
	void *found = next_function(name);

	for (unsigned i = 0; i < 3 && found == NULL; i++) {
		void *handle = dlopen(runtimes[i], RTLD_LAZY | RTLD_NOLOAD);

		if (handle != NULL)
			found = dlsym(handle, name);
	}
	return found;
}

static bool same_object(void *a, void *b)
{
	Dl_info of_a, of_b;

	return dladdr(a, &of_a) != 0 && dladdr(b, &of_b) != 0 &&
	       of_a.dli_fbase == of_b.dli_fbase;
}

static void *or_else(void *found, void *composed)
{
	return found != NULL ? found : composed;
}

/* Threads that race here store the same values. */
static __attribute__((noinline, cold)) void resolve(void)
{
	void *first = runtime_function(new_names[NEW]);

	next_resolve();
	for (unsigned i = 0; i < NEW_FORMS; i++) {
		cxx.new_[i] = or_else(runtime_function(new_names[i]), composed_new);
		cxx.new_aligned[i] = or_else(runtime_function(new_aligned_names[i]),
					     composed_new_aligned);
	}
	for (unsigned i = 0; i < DEL_FORMS; i++) {
		cxx.delete_[i] =
			or_else(runtime_function(delete_names[i]), composed_delete);
		cxx.delete_aligned[i] = or_else(runtime_function(delete_aligned_names[i]),
						composed_delete_aligned);
	}
	cxx.own = first != NULL && same_object(first, (void *)next.malloc);
	__atomic_store_n(&cxx.ready, true, __ATOMIC_RELEASE);
}

/* Every C++ runtime has it. To look for a function that is nowhere would make the loader
 * allocate its excuse, in every C program. */
void __cxa_throw(void) __attribute__((weak));

void hooks_cxx_resolve(void)
{
	if (__cxa_throw != NULL)
		resolve();
}

static inline __attribute__((always_inline)) void ensure(void)
{
	/* acquire: the pointers were stored before */
	if (unlikely(!__atomic_load_n(&cxx.ready, __ATOMIC_ACQUIRE)))
		resolve();
}

/* The bytes to the next sample. They moved: the malloc hook was asked, within an operator
 * that ends in malloc once in a while, and has said whether its block is one. */
static inline __attribute__((always_inline)) int64_t drawn(void)
{
	return thread_self->until_sample;
}

static inline __attribute__((always_inline)) void *
recorded(void *block, size_t size, struct frame caller, int64_t drawn_before)
{
	struct thread *t = thread_self;

	if (likely(block != NULL && record_alloc(t, block, size, caller)))
		return block;
	if (t->gate == GATE_OFF || (t->gate >= GATE_SAMPLED && drawn() != drawn_before) ||
	    record_skips(t, size) || block == NULL || record_has(block))
		return block;
	return record_alloc_rest(block, size, caller.pc, caller.sp, caller.fp);
}

static inline __attribute__((always_inline)) void *
new_own(new_fn *real, size_t size, const void *nothrow, struct frame caller)
{
	int64_t before = drawn();

	return recorded(real(size, nothrow), size, caller, before);
}

static inline __attribute__((always_inline)) void *
new_own_aligned(new_aligned_fn *real, size_t size, size_t align, const void *nothrow,
		struct frame caller)
{
	int64_t before = drawn();

	return recorded(real(size, align, nothrow), size, caller, before);
}

static void deleted_begin(void *block)
{
	struct thread *t = thread_self;

	if (block == NULL || record_ignores(t, block))
		return;
	if (unlikely(!record_free(t, block))) {
		if (!record_has(block))
			return;
		record_free_full(block);
	}
	asked.deleted = block;
}

static __attribute__((noinline)) void delete_own(delete_fn *real, void *block, size_t a)
{
	deleted_begin(block);
	real(block, a);
	asked.deleted = NULL;
}

static __attribute__((noinline)) void delete_own_aligned(delete_aligned_fn *real,
							 void *block, size_t a, size_t b,
							 const void *nothrow)
{
	deleted_begin(block);
	real(block, a, b, nothrow);
	asked.deleted = NULL;
}

#define NEW_HOOK(symbol, form)                                                           \
	void *symbol(size_t size, const void *nothrow);                                  \
	EXPORT void *symbol(size_t size, const void *nothrow)                            \
	{                                                                                \
		ensure();                                                                \
		if (likely(!cxx.own))                                                    \
			return cxx.new_[form](size, nothrow);                            \
		return new_own(cxx.new_[form], size, nothrow, FRAME_OF_CALLER());        \
	}

#define NEW_ALIGNED_HOOK(symbol, form)                                                   \
	void *symbol(size_t size, size_t align, const void *nothrow);                    \
	EXPORT void *symbol(size_t size, size_t align, const void *nothrow)              \
	{                                                                                \
		ensure();                                                                \
		if (likely(!cxx.own)) {                                                  \
			asked_leave(align, size);                                        \
			return cxx.new_aligned[form](size, align, nothrow);              \
		}                                                                        \
		return new_own_aligned(cxx.new_aligned[form], size, align, nothrow,      \
				       FRAME_OF_CALLER());                               \
	}

#define DELETE_HOOK(symbol, form)                                                        \
	void symbol(void *block, size_t a);                                              \
	EXPORT void symbol(void *block, size_t a)                                        \
	{                                                                                \
		ensure();                                                                \
		if (unlikely(cxx.own))                                                   \
			delete_own(cxx.delete_[form], block, a);                         \
		else                                                                     \
			cxx.delete_[form](block, a);                                     \
	}

#define DELETE_ALIGNED_HOOK(symbol, form)                                                \
	void symbol(void *block, size_t a, size_t b, const void *nothrow);               \
	EXPORT void symbol(void *block, size_t a, size_t b, const void *nothrow)         \
	{                                                                                \
		ensure();                                                                \
		if (unlikely(cxx.own))                                                   \
			delete_own_aligned(cxx.delete_aligned[form], block, a, b,        \
					   nothrow);                                     \
		else                                                                     \
			cxx.delete_aligned[form](block, a, b, nothrow);                  \
	}

NEW_HOOK(_Znwm, NEW)
NEW_HOOK(_Znam, NEW_ARRAY)
NEW_HOOK(_ZnwmRKSt9nothrow_t, NEW_NOTHROW)
NEW_HOOK(_ZnamRKSt9nothrow_t, NEW_ARRAY_NOTHROW)
NEW_ALIGNED_HOOK(_ZnwmSt11align_val_t, NEW)
NEW_ALIGNED_HOOK(_ZnamSt11align_val_t, NEW_ARRAY)
NEW_ALIGNED_HOOK(_ZnwmSt11align_val_tRKSt9nothrow_t, NEW_NOTHROW)
NEW_ALIGNED_HOOK(_ZnamSt11align_val_tRKSt9nothrow_t, NEW_ARRAY_NOTHROW)

DELETE_HOOK(_ZdlPv, DEL)
DELETE_HOOK(_ZdaPv, DEL_ARRAY)
DELETE_HOOK(_ZdlPvm, DEL_SIZED)
DELETE_HOOK(_ZdaPvm, DEL_ARRAY_SIZED)
DELETE_HOOK(_ZdlPvRKSt9nothrow_t, DEL_NOTHROW)
DELETE_HOOK(_ZdaPvRKSt9nothrow_t, DEL_ARRAY_NOTHROW)
DELETE_ALIGNED_HOOK(_ZdlPvSt11align_val_t, DEL)
DELETE_ALIGNED_HOOK(_ZdaPvSt11align_val_t, DEL_ARRAY)
DELETE_ALIGNED_HOOK(_ZdlPvmSt11align_val_t, DEL_SIZED)
DELETE_ALIGNED_HOOK(_ZdaPvmSt11align_val_t, DEL_ARRAY_SIZED)
DELETE_ALIGNED_HOOK(_ZdlPvSt11align_val_tRKSt9nothrow_t, DEL_NOTHROW)
DELETE_ALIGNED_HOOK(_ZdaPvSt11align_val_tRKSt9nothrow_t, DEL_ARRAY_NOTHROW)
