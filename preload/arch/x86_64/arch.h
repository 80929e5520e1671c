/*
 * arch/x86_64 - the few facts about the CPU that the shim needs
 *
 * One folder a CPU; meson puts the right one on the include path as "arch.h":
 * raw system calls (libc's wrappers change errno and may be interposed),
 * DWARF register numbers, and the registers of the running function.
 */
#ifndef PRELOAD_ARCH_H
#define PRELOAD_ARCH_H

#include <cpuid.h>
#include <emmintrin.h>
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

/* Two words in one register. */
typedef uint64_t arch_pair __attribute__((vector_size(16)));

/* Is a bit set in either? Three instructions that every x86-64 has. */
static inline __attribute__((always_inline)) bool arch_pair_any(arch_pair pair)
{
	__m128i zero = _mm_cmpeq_epi32((__m128i)pair, _mm_setzero_si128());

	return _mm_movemask_epi8(zero) != 0xffff;
}

/*
 * Can arch_gather_differs() be used, and is it fast? AVX-512 with FP16 names the
 * processors (Sapphire Rapids and later) whose gathers need no mitigation that makes
 * them slow; the operating system must save the registers.
 */
static inline bool arch_can_gather(void)
{
	const uint32_t saved = 0xe6; /* XCR0: SSE, AVX, opmask, upper halves, zmm16 up */
	uint32_t a, b, c, d;

	if (__get_cpuid(1, &a, &b, &c, &d) == 0 || (c & bit_OSXSAVE) == 0)
		return false;
	__asm__ volatile("xgetbv" : "=a"(a), "=d"(d) : "c"(0));
	if ((a & saved) != saved || __get_cpuid_count(7, 0, &a, &b, &c, &d) == 0)
		return false;
	return (b & bit_AVX512F) != 0 && (d & 1u << 23) != 0;
}

/* Does one of the eight words at `at` differ from its value? Both are 64-byte aligned.
 * Uses none of the registers that make later SSE code slow. */
static inline __attribute__((always_inline)) bool
arch_gather_differs(const uintptr_t *const at[8], const arch_pair value[4])
{
	bool differs;

	__asm__ volatile("vmovdqa64 %1, %%zmm16\n\t"
			 "kxnorw %%k1, %%k1, %%k1\n\t"
			 "vpxord %%zmm17, %%zmm17, %%zmm17\n\t"
			 "vpgatherqq (,%%zmm16,1), %%zmm17%{%%k1%}\n\t"
			 "vpcmpneqq %2, %%zmm17, %%k1\n\t"
			 "kortestw %%k1, %%k1\n\t"
			 : "=@ccnz"(differs)
			 : "m"(*(const uintptr_t *const(*)[8])at),
			   "m"(*(const arch_pair(*)[4])value)
			 : "memory");
	return differs;
}

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
