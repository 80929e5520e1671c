/*
 * history_model - a process whose history is known: the shim's side of test_history
 */
#include "history_model.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>

#include "preload/history/history.h"
#include "preload/platform/os_linux.h"
#include "preload/record/record.h"
#include "preload/segment/segment_writer.h"
#include "shim_fixture.h"

#define MOMENTS 50000u

static char *arena;
static size_t sizes[MODEL_BLOCKS];
static uint64_t random_state = 1;
static uint64_t now_ms;
static struct moment moments[MOMENTS];
static size_t moments_count;
static struct moment now;

/*
 * Both clocks that the shim reads are ours: ticks at set times, and steps in which every
 * look at the clock has taken a while, however busy the machine is.
 */
#define LOOK_NS 1000u

uint64_t __wrap_os_coarse_ms(void);
uint64_t __wrap_os_coarse_ms(void)
{
	return now_ms;
}

/* A thread that asks for the time in its step stops here while it is told to. */
static _Thread_local unsigned stop_at;
static sem_t stopped, resumed;
static pthread_t writer;

uint64_t __wrap_os_mono_ns(void);
uint64_t __wrap_os_mono_ns(void)
{
	static _Thread_local unsigned asked;
	static uint64_t looks;

	/* first for the deadline, then after every batch of sites */
	if (stop_at != 0 && ++asked == stop_at) {
		sem_post(&stopped);
		sem_wait(&resumed);
	}
	return now_ms * 1000000 +
	       __atomic_add_fetch(&looks, 1, __ATOMIC_RELAXED) * LOOK_NS;
}

static void *write_and_stop(void *asked)
{
	stop_at = *(unsigned *)asked;
	history_tick(now_ms);
	return NULL;
}

static uint32_t random_below(uint32_t n)
{
	random_state = random_state * 6364136223846793005ull + 1442695040888963407ull;
	return (uint32_t)(random_state >> 33) % n;
}

void model_begin(const char *history)
{
	setenv("HEAPRING_INTERVAL", "1s", 1);
	setenv("HEAPRING_HISTORY", history, 1);
	now_ms = 1000;
	fixture_process();
	arena = os_reserve((size_t)MODEL_BLOCKS * 4096, false);
	now_ms = segment.header->start_mono_ns / 1000000 + 1;
	if (arena == NULL)
		abort();
}

void model_allocate(uint32_t n, uint32_t site, size_t size)
{
	uintptr_t frame[4] = { 0 };
	struct frame caller = { 0x1000 + site * 16, (uintptr_t)frame, 0 };

	record_alloc_full(arena + (size_t)n * 4096, size, caller);
	sizes[n] = size;
	now.live += size;
	now.objects++;
	now.allocs++;
	now.bytes += size;
}

void model_release(uint32_t n)
{
	record_free_full(arena + (size_t)n * 4096);
	now.live -= sizes[n];
	now.objects--;
	sizes[n] = 0;
}

size_t model_size(uint32_t n)
{
	return sizes[n];
}

void model_events(uint32_t events, uint32_t sites)
{
	while (events-- > 0) {
		uint32_t n = random_below(MODEL_BLOCKS);

		if (sizes[n] == 0)
			model_allocate(n, random_below(sites), 1 + random_below(3000));
		else
			model_release(n);
	}
}

static void pass(uint64_t ms)
{
	now_ms += ms;
	now.at = (double)(now_ms * 1000000 - segment.header->start_mono_ns) / 1e9;
	if (moments_count == MOMENTS)
		abort();
	moments[moments_count++] = now;
}

void model_tick(uint64_t ms)
{
	pass(ms);
	history_tick(now_ms);
}

void model_cut(uint64_t ms)
{
	pass(ms);
	history_cut(now_ms);
}

void model_cut_early(uint64_t ms)
{
	history_cut(segment.header->start_mono_ns / 1000000 - ms);
}

void model_stop_a_writer(unsigned asked)
{
	pass(MODEL_INTERVAL_MS);
	sem_init(&stopped, 0, 0);
	sem_init(&resumed, 0, 0);
	if (pthread_create(&writer, NULL, write_and_stop, &asked) != 0)
		abort();
	sem_wait(&stopped);
}

void model_resume_the_writer(void)
{
	sem_post(&resumed);
	pthread_join(writer, NULL);
}

struct moment model_now(void)
{
	return now;
}

struct moment model_at(double at)
{
	for (size_t i = moments_count; i-- > 0;)
		if (moments[i].at <= at + 1e-9)
			return moments[i];
	return (struct moment){ 0 };
}

const char *model_path(void)
{
	return segment_path();
}
