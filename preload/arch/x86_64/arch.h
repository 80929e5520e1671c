/*
 * arch/x86_64 - the few facts about the CPU that the shim needs
 *
 * One folder a CPU; meson puts the right one on the include path as "arch.h":
 * raw system calls (libc's wrappers change errno and may be interposed),
 * DWARF register numbers, and the registers of the running function.
 */
#ifndef PRELOAD_ARCH_H
#define PRELOAD_ARCH_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/syscall.h>

#define ARCH_SYS_FSTATAT SYS_newfstatat

#define ARCH_REGS 17u  /* DWARF columns that a walk tracks */
#define ARCH_REG_FP 6u /* rbp */
#define ARCH_REG_SP 7u /* rsp */
#define ARCH_REG_RA 16u
#define ARCH_PC_BITS 47u
#define ARCH_PC_SHIFT 0u /* low bits of a code address that are always zero */

static inline long arch_syscall(long nr, long a, long b, long c, long d, long e, long f)
{
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;
	long ret;

	__asm__ volatile("syscall"
			 : "=a"(ret)
			 : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return ret;
}

/* The callee-saved registers, sp and pc of the calling function, by DWARF number. */
static inline __attribute__((always_inline)) void arch_capture(uintptr_t reg[ARCH_REGS])
{
	__asm__ volatile("movq %%rbx, 24(%0)\n\t"
			 "movq %%rbp, 48(%0)\n\t"
			 "movq %%rsp, 56(%0)\n\t"
			 "movq %%r12, 96(%0)\n\t"
			 "movq %%r13, 104(%0)\n\t"
			 "movq %%r14, 112(%0)\n\t"
			 "movq %%r15, 120(%0)\n\t"
			 "leaq 0(%%rip), %%rcx\n\t"
			 "movq %%rcx, 128(%0)\n\t"
			 :
			 : "a"(reg)
			 : "rcx", "memory");
}

/*
 * A counter's one writer adds to it in one instruction: no torn value for a
 * reader, and nothing lost when a signal handler of the same thread counts
 * too. No locked cycle. Stores are not reordered with older stores here, so
 * this is a release as well.
 */
static inline __attribute__((always_inline)) void arch_count(uint64_t *counter,
							     uint64_t n)
{
	__asm__ volatile("addq %1, %0" : "+m"(*counter) : "er"(n) : "cc");
}

static inline __attribute__((always_inline)) void arch_count_one(uint32_t *counter)
{
	__asm__ volatile("addl $1, %0" : "+m"(*counter) : : "cc");
}

/* Where a frame keeps its return address: the call pushed it, just below the CFA. */
static inline uintptr_t arch_ra_place(uintptr_t cfa, bool fp_saved, intptr_t offset)
{
	(void)fp_saved, (void)offset;
	return cfa - sizeof(uintptr_t);
}

/* Can a packed row say where it is? */
static inline bool arch_ra_packs(int64_t ra_offset, bool fp_saved, int64_t *fp_offset)
{
	(void)fp_saved, (void)fp_offset;
	return ra_offset == -(int64_t)sizeof(uintptr_t);
}

/* Return addresses as stored: nothing to strip. */
static inline uintptr_t arch_strip(uintptr_t pc)
{
	return pc;
}

#endif
