/*
 * arch/aarch64 - the few facts about the CPU that the shim needs
 *
 * The return address is column 30: where a row speaks of x30 it means the place of
 * the caller's pc, and a walk keeps the pc of its frame there. Signatures of
 * return addresses (PAC) are masked off, the checks of a replay compare them.
 *
 * Not here yet: the frame that a signal interrupted. The kernel's trampoline has a
 * row that leads to its caller, not to it.
 */
#ifndef PRELOAD_ARCH_H
#define PRELOAD_ARCH_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/syscall.h>

#define ARCH_SYS_FSTATAT SYS_newfstatat

#define ARCH_REGS 32u   /* DWARF columns that a walk tracks */
#define ARCH_REG_FP 29u /* x29 */
#define ARCH_REG_SP 31u
#define ARCH_REG_RA 30u
#define ARCH_PC_BITS 48u
#define ARCH_PC_SHIFT 2u /* low bits of a code address that are always zero */

/* Two words in one register. */
typedef uint64_t arch_pair __attribute__((vector_size(16)));

/* Is a bit set in either? */
static inline __attribute__((always_inline)) bool arch_pair_any(arch_pair pair)
{
	return (pair[0] | pair[1]) != 0;
}

/* Nothing here gathers words from eight places. */
static inline bool arch_can_gather(void)
{
	return false;
}

static inline bool arch_gather_differs(const uintptr_t *const at[8],
				       const arch_pair value[4])
{
	(void)at, (void)value;
	__builtin_unreachable();
}

static inline long arch_syscall(long nr, long a, long b, long c, long d, long e, long f)
{
	register long x8 __asm__("x8") = nr;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;
	register long x4 __asm__("x4") = e;
	register long x5 __asm__("x5") = f;

	__asm__ volatile("svc 0"
			 : "+r"(x0)
			 : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
			 : "memory");
	return x0;
}

/* The callee-saved registers, sp and pc of the calling function, by DWARF number. */
static inline __attribute__((always_inline)) void arch_capture(uintptr_t reg[ARCH_REGS])
{
	__asm__ volatile("stp x19, x20, [%0, #152]\n\t"
			 "stp x21, x22, [%0, #168]\n\t"
			 "stp x23, x24, [%0, #184]\n\t"
			 "stp x25, x26, [%0, #200]\n\t"
			 "stp x27, x28, [%0, #216]\n\t"
			 "adr x9, .\n\t"
			 "stp x29, x9, [%0, #232]\n\t"
			 "mov x9, sp\n\t"
			 "str x9, [%0, #248]\n\t"
			 :
			 : "r"(reg)
			 : "x9", "memory");
}

/*
 * A counter's one writer adds to it. The store is a release (S3), which is one
 * instruction here too. A signal handler that counts between load and store is
 * lost, unlike on x86-64: without LSE there is no single instruction.
 */
static inline __attribute__((always_inline)) void arch_count(uint64_t *counter,
							     uint64_t n)
{
	__atomic_store_n(counter, __atomic_load_n(counter, __ATOMIC_RELAXED) + n,
			 __ATOMIC_RELEASE);
}

static inline __attribute__((always_inline)) void arch_count_one(uint32_t *counter)
{
	__atomic_store_n(counter, __atomic_load_n(counter, __ATOMIC_RELAXED) + 1,
			 __ATOMIC_RELAXED);
}

/* Return addresses as stored carry a signature in their high bits. */
static inline uintptr_t arch_strip(uintptr_t pc)
{
	return pc & (((uintptr_t)1 << ARCH_PC_BITS) - 1);
}

/*
 * Where a frame keeps its return address: behind the saved fp (a frame record),
 * or at `offset` itself where fp is not saved.
 */
static inline uintptr_t arch_ra_place(uintptr_t cfa, bool fp_saved, intptr_t offset)
{
	return cfa + (uintptr_t)offset + (fp_saved ? sizeof(uintptr_t) : 0);
}

/* Can a packed row say where it is? *fp_offset is free for it where fp is not saved. */
static inline bool arch_ra_packs(int64_t ra_offset, bool fp_saved, int64_t *fp_offset)
{
	if (fp_saved)
		return ra_offset == *fp_offset + (int64_t)sizeof(uintptr_t);
	*fp_offset = ra_offset;
	return true;
}

#endif
