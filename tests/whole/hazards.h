/*
 * hazards - what the parts of the program share
 */
#ifndef TESTS_HAZARDS_H
#define TESTS_HAZARDS_H

#define LENGTH(a) (sizeof(a) / sizeof *(a))

_Noreturn void broken(const char *what);

/* hazards_stacks.c: stacks that are small, many, or interrupted */
void small_stacks(char **argv);
void stacks_beside(char **argv);
void many_stacks(char **argv);
void handlers(char **argv);
void in_the_vdso(char **argv);
void stepped_attach(char **argv); /* x86-64 */
void forking_handlers(char **argv);

#endif
