/*
 * tsan_c11_threads - C11 threads as POSIX threads, for the ThreadSanitizer build only
 *
 * librdkafka starts and synchronises its threads with thrd_, mtx_ and cnd_ functions,
 * which ThreadSanitizer does not know: it crashes in their threads and sees no order
 * between them and ours. glibc's types are the POSIX ones underneath, so in that build
 * the program brings these functions itself, and the sanitizer sees what they call.
 */
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <threads.h>

_Static_assert(sizeof(mtx_t) == sizeof(pthread_mutex_t), "the same type underneath");
_Static_assert(sizeof(cnd_t) == sizeof(pthread_cond_t), "the same type underneath");

struct start {
	thrd_start_t body;
	void *arg;
};

static void *begin(void *with)
{
	struct start start = *(struct start *)with;

	free(with);
	return (void *)(intptr_t)start.body(start.arg);
}

static int answer(int error)
{
	return error == 0           ? thrd_success
	       : error == EBUSY     ? thrd_busy
	       : error == ETIMEDOUT ? thrd_timedout
	       : error == ENOMEM    ? thrd_nomem
				    : thrd_error;
}

int thrd_create(thrd_t *thread, thrd_start_t body, void *arg)
{
	struct start *start = malloc(sizeof(*start));

	if (start == NULL)
		return thrd_nomem;
	*start = (struct start){ body, arg };
	return answer(pthread_create(thread, NULL, begin, start));
}

int thrd_join(thrd_t thread, int *ret)
{
	void *value = NULL;
	int error = pthread_join(thread, &value);

	if (ret != NULL)
		*ret = (int)(intptr_t)value;
	return answer(error);
}

int thrd_detach(thrd_t thread)
{
	return answer(pthread_detach(thread));
}

int mtx_init(mtx_t *mutex, int type)
{
	pthread_mutexattr_t attr;
	int error;

	pthread_mutexattr_init(&attr);
	if (type & mtx_recursive)
		pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_RECURSIVE);
	error = pthread_mutex_init((pthread_mutex_t *)mutex, &attr);
	pthread_mutexattr_destroy(&attr);
	return answer(error);
}

int mtx_lock(mtx_t *mutex)
{
	return answer(pthread_mutex_lock((pthread_mutex_t *)mutex));
}

int mtx_trylock(mtx_t *mutex)
{
	return answer(pthread_mutex_trylock((pthread_mutex_t *)mutex));
}

int mtx_unlock(mtx_t *mutex)
{
	return answer(pthread_mutex_unlock((pthread_mutex_t *)mutex));
}

void mtx_destroy(mtx_t *mutex)
{
	pthread_mutex_destroy((pthread_mutex_t *)mutex);
}

int cnd_init(cnd_t *cond)
{
	return answer(pthread_cond_init((pthread_cond_t *)cond, NULL));
}

int cnd_wait(cnd_t *cond, mtx_t *mutex)
{
	return answer(
		pthread_cond_wait((pthread_cond_t *)cond, (pthread_mutex_t *)mutex));
}

int cnd_timedwait(cnd_t *restrict cond, mtx_t *restrict mutex,
		  const struct timespec *restrict until)
{
	return answer(pthread_cond_timedwait((pthread_cond_t *)cond,
					     (pthread_mutex_t *)mutex, until));
}

int cnd_signal(cnd_t *cond)
{
	return answer(pthread_cond_signal((pthread_cond_t *)cond));
}

int cnd_broadcast(cnd_t *cond)
{
	return answer(pthread_cond_broadcast((pthread_cond_t *)cond));
}

void cnd_destroy(cnd_t *cond)
{
	pthread_cond_destroy((pthread_cond_t *)cond);
}
