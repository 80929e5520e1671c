/*
 * slabs - memory that programs hand out themselves: slabs, arenas, pools, mappings
 *
 * malloc is asked for large pieces by the layer's refill; who is to blame is who took
 * the small ones and kept them.
 */
#include "tests/scenarios/scenario.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { SLOTS = 64 };

struct slot {
	struct slot *next;
	char room[184];
};

static struct slot *free_slots;

SCENARIO static void slab_refill(void)
{
	struct slot *slots = malloc(SLOTS * sizeof(*slots));

	memset(slots, 0, SLOTS * sizeof(*slots));
	for (int i = 0; i < SLOTS; i++) {
		slots[i].next = free_slots;
		free_slots = &slots[i];
	}
}

SCENARIO static struct slot *slab_take(void)
{
	struct slot *slot;

	if (free_slots == NULL)
		slab_refill();
	slot = free_slots;
	free_slots = slot->next;
	return slot;
}

SCENARIO static void slab_give(struct slot *slot)
{
	slot->next = free_slots;
	free_slots = slot;
}

static struct slot *kept;

SCENARIO static void accept_client(void)
{
	struct slot *slot = slab_take();

	slot->next = kept;
	kept = slot;
}

/* only one takes slots */
static void slab_one_user(double scale)
{
	double part = 0;

	while (scenario_tick(200))
		for (part += 2 * scale; part >= 1; part--)
			accept_client();
}

/* another takes eight and gives them back, as often */
SCENARIO static void answer_query(void)
{
	struct slot *slots[8];

	for (int i = 0; i < 8; i++)
		slots[i] = slab_take();
	for (int i = 0; i < 8; i++)
		slab_give(slots[i]);
}

static void slab_two_users(double scale)
{
	(void)scale;
	while (scenario_tick(200)) {
		for (int i = 0; i < 24; i++)
			accept_client();
		answer_query();
	}
}

/* clients come and go: the slab grows to what is needed at once */
static void slab_reused(double scale)
{
	struct slot *clients[2000] = { NULL };

	(void)scale;
	while (scenario_tick(400)) {
		struct slot **client = &clients[scenario_random(2000)];

		if (*client != NULL)
			slab_give(*client);
		*client = *client != NULL ? NULL : slab_take();
		free(scenario_use(malloc(90), 90));
	}
}

/* an arena is a list of chunks, freed at once */
struct chunk {
	struct chunk *next;
	size_t used;
	char room[8160];
};

struct arena {
	struct chunk *chunks;
};

SCENARIO static void *arena_alloc(struct arena *arena, size_t bytes)
{
	struct chunk *chunk = arena->chunks;

	if (chunk == NULL || chunk->used + bytes > sizeof(chunk->room)) {
		chunk = malloc(sizeof(*chunk));
		chunk->next = arena->chunks;
		chunk->used = 0;
		arena->chunks = chunk;
	}
	chunk->used += bytes;
	return memset(chunk->room + chunk->used - bytes, 0, bytes);
}

static void arena_free(struct arena *arena)
{
	while (arena->chunks != NULL) {
		struct chunk *next = arena->chunks->next;

		free(arena->chunks);
		arena->chunks = next;
	}
}

static void render_page(struct arena *arena)
{
	for (int i = 0; i < 60; i++)
		arena_alloc(arena, 40 + scenario_random(400));
}

static void arena_each_page(double scale)
{
	(void)scale;
	while (scenario_tick(300)) {
		struct arena arena = { NULL };

		render_page(&arena);
		arena_free(&arena);
	}
}

/* one arena for the whole program, and what belongs to a request put there */
static struct arena for_ever;

SCENARIO static void note_header(void)
{
	arena_alloc(&for_ever, 60 + scenario_random(60));
}

static void arena_for_ever(double scale)
{
	double part = 0;

	while (scenario_tick(200)) {
		struct arena arena = { NULL };

		render_page(&arena);
		for (part += 6 * scale; part >= 1; part--)
			note_header();
		arena_free(&arena);
	}
}

/* all names, each once; new ones never end */
struct name {
	struct name *next;
	char text[40];
};
static struct name *names;

SCENARIO static const char *intern(uint32_t number)
{
	struct name *name = calloc(1, sizeof(*name));

	memcpy(name->text, &number, sizeof(number));
	name->next = names;
	names = name;
	return name->text;
}

static void interned(double scale)
{
	uint32_t number = 0;

	while (scenario_tick(200 * scale))
		intern(number++);
}

/* mappings that nobody unmaps */
SCENARIO static void map_index(void)
{
	size_t bytes = 256 << 10;
	void *index = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (index != MAP_FAILED)
		scenario_use(index, bytes);
}

static void mappings(double scale)
{
	uint32_t ticks = 0;

	while (scenario_tick(100)) {
		free(scenario_use(malloc(900), 900));
		if (ticks++ % (uint32_t)(10 / scale) == 0)
			map_index();
	}
}

/* a mapping for a job, unmapped after it */
static void mappings_returned(double scale)
{
	(void)scale;
	while (scenario_tick(50)) {
		size_t bytes = 512 << 10;
		void *job = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
				 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		scenario_use(job, bytes);
		free(scenario_use(malloc(3000), 3000));
		munmap(job, bytes);
	}
}

/* what is left of a large table lies in every page of it */
static void holes(double scale)
{
	enum { ROWS = 300000 };
	void **table = malloc(ROWS * sizeof(void *));

	(void)scale;
	for (int i = 0; i < ROWS; i++)
		table[i] = scenario_use(malloc(200), 200);
	while (scenario_tick(100)) {
		if (scenario_done() < 0.3 || table[0] == NULL)
			continue;
		for (int i = 0; i < ROWS; i++) {
			if (i % 18 == 17)
				continue;
			free(table[i]);
			table[i] = NULL;
		}
	}
}

/* objects of a pool are kept by who leaves with an error */
struct buffer {
	struct buffer *next;
	char room[2048];
};
static struct buffer *free_buffers;

SCENARIO static struct buffer *buffer_acquire(void)
{
	struct buffer *buffer = free_buffers;

	if (buffer != NULL) {
		free_buffers = buffer->next;
		return buffer;
	}
	buffer = malloc(sizeof(*buffer));
	memset(buffer->room, 0, sizeof(buffer->room));
	return buffer;
}

SCENARIO static void send_mail(uint32_t number)
{
	struct buffer *buffer = buffer_acquire();

	if (number % 40 == 0)
		return;
	buffer->next = free_buffers;
	free_buffers = buffer;
}

static void pool_loses(double scale)
{
	uint32_t number = 0;

	while (scenario_tick(500 * scale))
		send_mail(number++);
}

static const struct scenario SCENARIOS[] = {
	{ "slab-one-user", slab_one_user },
	{ "slab-two-users", slab_two_users },
	{ "slab-reused", slab_reused },
	{ "arena-each-page", arena_each_page },
	{ "arena-for-ever", arena_for_ever },
	{ "interned", interned },
	{ "mappings", mappings },
	{ "mappings-returned", mappings_returned },
	{ "holes", holes },
	{ "pool-loses", pool_loses },
	{ NULL, NULL },
};

int main(int argc, char **argv)
{
	return scenario_main(argc, argv, SCENARIOS);
}
