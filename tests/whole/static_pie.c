/*
 * static_pie - a program that no library can be loaded into
 */
#include <stdio.h>
#include <stdlib.h>

int main(void)
{
	free(malloc(100));
	puts("static");
	return 7;
}
