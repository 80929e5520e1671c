/*
 * arch/aarch64/sandbox - functions that are watched for one first argument
 *
 * As arch/x86_64/sandbox: a jump to the real function, with sandbox_entered()
 * called before it when the first argument is the one watched for. x0 to x7 hold
 * the arguments, x8 none of these functions' own.
 */
#ifndef PRELOAD_ARCH_SANDBOX_H
#define PRELOAD_ARCH_SANDBOX_H

#define SANDBOX_SYS_SECCOMP "277"

#define SANDBOX_CALL(function)                                                           \
	"	stp x29, x30, [sp, #-80]!\n"                                                   \
	"	.cfi_adjust_cfa_offset 80\n"                                                   \
	"	.cfi_rel_offset x29, 0\n	.cfi_rel_offset x30, 8\n"                             \
	"	stp x0, x1, [sp, #16]\n	stp x2, x3, [sp, #32]\n"                               \
	"	stp x4, x5, [sp, #48]\n	stp x6, x7, [sp, #64]\n"                               \
	"	bl " function "\n"                                                       \
	"	ldp x0, x1, [sp, #16]\n	ldp x2, x3, [sp, #32]\n"                               \
	"	ldp x4, x5, [sp, #48]\n	ldp x6, x7, [sp, #64]\n"                               \
	"	ldp x29, x30, [sp], #80\n"                                                     \
	"	.cfi_adjust_cfa_offset -80\n	.cfi_restore x29\n	.cfi_restore "                 \
	"x30\n"

/* name: exported; real: a static pointer that sandbox_resolve() sets. */
#define SANDBOX_HOOK(name, real, argument)                                               \
	__asm__("	.text\n	.globl " name "\n	.type " name ", @function\n"     \
		"" name ":\n	.cfi_startproc\n"                                           \
		"	cmp w0, #" argument "\n	b.ne 1f\n" SANDBOX_CALL(                 \
			"sandbox_entered") "1:	adrp x16, " real "\n"                    \
					   "	ldr x16, [x16, #:lo12:" real "]\n"       \
					   "	cbz x16, 2f\n	br x16\n"                     \
					   "2:\n" SANDBOX_CALL(                          \
						   "sandbox_resolve") "	b 1b\n"          \
								      "	.cfi_endproc\n"  \
								      "	.size " name     \
								      ", .-" name "\n")

#endif
