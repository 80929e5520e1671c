/*
 * arch/x86_64/sandbox - functions that are watched for one first argument
 *
 * prctl and syscall are variadic, and syscall may be a clone that returns on
 * another stack, so neither can be wrapped by a C function: this is a jump to the
 * real one, with sandbox_entered() called before it when the first argument is
 * the one watched for.
 */
#ifndef PRELOAD_ARCH_SANDBOX_H
#define PRELOAD_ARCH_SANDBOX_H

/* clang-format off */
#define SANDBOX_SYS_SECCOMP "317"

#define SANDBOX_CALL(function)                                                           \
	"	pushq %rdi\n	pushq %rsi\n	pushq %rdx\n"                                        \
	"	pushq %rcx\n	pushq %r8\n	pushq %r9\n	subq $8, %rsp\n"                          \
	"	.cfi_adjust_cfa_offset 56\n"                                                   \
	"	call " function "\n"                                                     \
	"	addq $8, %rsp\n"                                                               \
	"	popq %r9\n	popq %r8\n	popq %rcx\n"                                             \
	"	popq %rdx\n	popq %rsi\n	popq %rdi\n"                                           \
	"	.cfi_adjust_cfa_offset -56\n"

/* name: exported; real: a static pointer that sandbox_resolve() sets. */
#define SANDBOX_HOOK(name, real, argument)                                                           \
	__asm__("	.text\n	.globl " name "\n	.type " name ", @function\n"                 \
		"" name ":\n	.cfi_startproc\n"                                                       \
		"	cmpl $" argument ", %edi\n	jne 1f\n" SANDBOX_CALL(                      \
			"sandbox_entered") "1:	movq " real "(%rip), %rax\n	testq "                  \
							    "%rax, %rax\n	je 2f\n"                   \
					   "	jmp *%rax\n"                                            \
					   "2:\n" SANDBOX_CALL(                                      \
						   "sandbox_resolve") "	jmp 1b\n"                    \
								      "	.cfi_endproc\n	.size " name \
								      ", .-" name "\n")

/* clang-format on */

#endif
