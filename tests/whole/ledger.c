/*
 * ledger - static tables under one lock
 *
 * Blocks are found by address in an open-addressed table that never shrinks; a
 * removed block leaves its place to the next of the same chain (a tombstone is
 * a NULL block with a site). The test programs keep far below its size.
 */
#include "tests/whole/ledger.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SITES 64
#define BLOCKS 65536u /* a power of two */

struct site {
	const char *function;
	size_t alloc_objects, alloc_space, inuse_objects, inuse_space, libc_space;
};

struct entry {
	void *block;
	struct site *site;
	size_t size;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct site sites[SITES];
static struct entry entries[BLOCKS];
static size_t live, peak;

static _Noreturn void broken(const char *what)
{
	ssize_t unused = write(STDERR_FILENO, what, strlen(what));

	(void)unused;
	_exit(99);
}

static struct site *site_of(const char *function)
{
	for (struct site *s = sites; s < sites + SITES; s++) {
		if (s->function == NULL)
			s->function = function;
		if (strcmp(s->function, function) == 0)
			return s;
	}
	broken("ledger: too many functions\n");
}

static struct entry *entry_of(void *block, bool to_fill)
{
	uint32_t at = (uint32_t)(((uintptr_t)block >> 3) * 2654435761u);

	for (uint32_t i = 0; i < BLOCKS; i++) {
		struct entry *e = &entries[(at + i) % BLOCKS];

		if (e->block == (to_fill ? NULL : block))
			return e;
		if (!to_fill && e->site == NULL)
			break;
	}
	broken(to_fill ? "ledger: full\n" : "ledger: an unknown block\n");
}

void *ledger_add(const char *function, void *block, size_t size)
{
	struct site *s;

	if (block == NULL)
		return NULL;
	pthread_mutex_lock(&lock);
	s = site_of(function);
	*entry_of(block, true) = (struct entry){ block, s, size };
	s->alloc_objects++;
	s->alloc_space += size;
	s->inuse_objects++;
	s->inuse_space += size;
	live += size;
	if (live > peak)
		peak = live;
	pthread_mutex_unlock(&lock);
	return block;
}

void *ledger_remove(void *block)
{
	struct entry *e;

	if (block == NULL)
		return NULL;
	pthread_mutex_lock(&lock);
	e = entry_of(block, false);
	e->block = NULL;
	e->site->inuse_objects--;
	e->site->inuse_space -= e->size;
	live -= e->size;
	pthread_mutex_unlock(&lock);
	return block;
}

void ledger_left_by_libc(const char *function, size_t size)
{
	pthread_mutex_lock(&lock);
	site_of(function)->libc_space += size;
	pthread_mutex_unlock(&lock);
}

static void print(const char *text)
{
	if (write(STDOUT_FILENO, text, strlen(text)) != (ssize_t)strlen(text))
		broken("ledger: cannot write\n");
}

static void print_site(const struct site *s, const char *separator)
{
	char line[512];

	snprintf(line, sizeof line,
		 "%s\"%s\":{\"alloc_objects\":%zu,\"alloc_space\":%zu,"
		 "\"inuse_objects\":%zu,\"inuse_space\":%zu,\"libc_space\":%zu}",
		 separator, s->function, s->alloc_objects, s->alloc_space,
		 s->inuse_objects, s->inuse_space, s->libc_space);
	print(line);
}

void ledger_print(void)
{
	char line[64];

	snprintf(line, sizeof line, "{\"peak\":%zu,\"functions\":{", peak);
	print(line);
	for (struct site *s = sites; s < sites + SITES && s->function != NULL; s++)
		print_site(s, s == sites ? "" : ",\n");
	print("}}\n");
}
