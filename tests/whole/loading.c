/*
 * loading - a fork child that needs a function for the first time while a thread of its
 * parent was in the midst of loading a library
 *
 * Usage: loading HOW LIBRARY      HOW: new, thread, syscall, prctl or quick_exit
 * By _Fork, for fork gives the child's loader a new lock; so no lock of libc's allocator
 * is held either, for nobody else allocates. The library's constructor calls
 * loading_waits(), which holds the loader's lock until the child has ended. Exits 0, or 1
 * when the child did not end by itself.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

void *operator_new(size_t size) __asm__("_Znwm");
void operator_delete(void *block) __asm__("_ZdlPv");

static sem_t loads, ended;

void loading_waits(void); /* for the library */
void loading_waits(void)
{
	sem_post(&loads);
	sem_wait(&ended);
}

static void *load(void *path)
{
	return dlopen(path, RTLD_NOW);
}

static void *nothing(void *unused)
{
	return unused;
}

static void needs(const char *how)
{
	pthread_t thread;

	if (strcmp(how, "new") == 0)
		operator_delete(operator_new(10));
	else if (strcmp(how, "thread") == 0 &&
		 pthread_create(&thread, NULL, nothing, NULL) == 0)
		pthread_join(thread, NULL);
	else if (strcmp(how, "syscall") == 0)
		syscall(SYS_gettid);
	else if (strcmp(how, "prctl") == 0)
		prctl(PR_SET_NAME, "child");
	else if (strcmp(how, "quick_exit") == 0)
		quick_exit(0);
}

int main(int argc, char **argv)
{
	int status = 1;
	pthread_t thread;
	pid_t pid;

	if (argc != 3)
		return 2;
	sem_init(&loads, 0, 0);
	sem_init(&ended, 0, 0);
	if (pthread_create(&thread, NULL, load, argv[2]) != 0)
		return 2;
	sem_wait(&loads);
	pid = _Fork();
	if (pid == 0) {
		alarm(10);
		free(malloc(10));
		needs(argv[1]);
		_exit(0);
	}
	if (waitpid(pid, &status, 0) != pid)
		return 2;
	sem_post(&ended);
	pthread_join(thread, NULL);
	return status != 0;
}
