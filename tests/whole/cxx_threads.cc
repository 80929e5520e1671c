// Threads made with std::thread, which runs them from a function of its own.
// Prints "ready" when all run, and stays.
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <thread>

#include <unistd.h>

static std::atomic<int> running;

static void serve_session(int bytes)
{
	void *volatile kept = std::malloc(bytes);

	(void)kept;
	for (running++;;)
		pause();
}

static void accept_session(int bytes)
{
	std::thread(serve_session, bytes).detach();
}

int main()
{
	const int sessions = 3;

	for (int i = 0; i < sessions; i++)
		accept_session(100 + i);
	while (running < sessions)
		usleep(1000);
	std::puts("ready");
	std::fflush(stdout);
	for (;;)
		pause();
}
