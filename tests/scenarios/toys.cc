/*
 * toys - what somebody writes who tries the tool for the first time: one loop, one usleep
 *
 * They keep no pace: how much they do is the machine's affair.
 */
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <deque>
#include <list>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include <unistd.h>

static double now()
{
	timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static double end_at;

static bool goes_on(unsigned us)
{
	usleep(us);
	return now() < end_at;
}

static void *volatile keep_alive;

/* malloc in a loop, and never a free */
static void leaky_function()
{
	char *block = (char *)malloc(128);

	memset(block, 0, 128);
	keep_alive = block;
}

static void simple_leak()
{
	while (goes_on(1000))
		leaky_function();
}

static void process_item(int i)
{
	char *buffer = (char *)malloc(1024);

	memset(buffer, i, 1024);
	if (i % 100 != 0)
		free(buffer);
	else
		keep_alive = buffer;
}

static void leak_one_percent()
{
	for (int i = 0; goes_on(500); i++)
		process_item(i);
}

static void no_leak()
{
	while (goes_on(500)) {
		char *buffer = (char *)malloc(1024);

		memset(buffer, 0, 1024);
		free(buffer);
	}
}

/* nothing but a vector */
static std::vector<int> numbers;

static void remember_number(int i)
{
	numbers.push_back(i);
}

static void vector_grows()
{
	for (int i = 0; goes_on(1000); i++)
		remember_number(i);
}

static std::map<int, std::string> table;

static void insert_row(int i)
{
	table[i] = std::string(100, 'x');
}

static void map_grows()
{
	for (int i = 0; goes_on(2000); i++)
		insert_row(i);
}

static void map_bounded()
{
	for (int i = 0; goes_on(1000); i++)
		insert_row(i % 1000);
}

static std::string history;

static void append_line()
{
	history += "another line of the history that nobody reads\n";
}

static void string_grows()
{
	while (goes_on(1000))
		append_line();
}

static void batch_work()
{
	while (goes_on(1000)) {
		std::vector<std::string> batch;

		for (int i = 0; i < 800; i++) {
			batch.push_back(std::string(500, 'b'));
			usleep(1000);
		}
	}
}

static void slow_batches()
{
	while (goes_on(1000)) {
		std::list<std::string> batch;

		for (int i = 0; i < 3000 && goes_on(1000); i++)
			batch.push_back(std::string(500, 'b'));
	}
}

static volatile size_t sink;

static void churn()
{
	for (int i = 0; i < 1000; i++) {
		std::string text = std::string(40, 'a') + std::to_string(i);

		sink = sink + text.size();
	}
}

static void storm_full()
{
	while (now() < end_at)
		churn();
}

static void storm_paced()
{
	while (goes_on(5000))
		churn();
}

static std::deque<std::string> waiting;

static void produce(int i)
{
	waiting.push_back(std::string(200, 'q') + std::to_string(i));
}

static void queue_slow_consumer()
{
	for (int i = 0; goes_on(1000); i++) {
		produce(i);
		if (i % 2 == 0)
			waiting.pop_front();
	}
}

static void queue_keeps_up()
{
	for (int i = 0; goes_on(1000); i++) {
		produce(i);
		if (waiting.size() > 50)
			waiting.pop_front();
	}
}

static void cache_warms_up()
{
	std::map<int, std::string> cache;

	while (goes_on(1000)) {
		int key = rand() % 1500;

		if (cache.count(key) == 0)
			cache[key] = std::string(300, 'c');
	}
}

static void sleeper()
{
	for (;;)
		pause();
}

static void start_worker()
{
	std::thread(sleeper).detach();
}

static void threads_pile_up()
{
	while (goes_on(100000))
		start_worker();
	_exit(0);
}

static void keep_one(int i)
{
	static std::vector<char *> kept(100000);

	kept[(size_t)i % kept.size()] = (char *)calloc(1, 4096);
}

static void starts_late()
{
	double begin = now() + (end_at - now()) * 0.4;

	for (int i = 0; goes_on(2000); i++) {
		char *work = (char *)malloc(300);

		memset(work, 0, 300);
		if (now() > begin)
			keep_one(i);
		free(work);
	}
}

static void doubles()
{
	size_t wanted = 100;
	double next = now() + 0.9, step = (end_at - now()) / 9;

	for (int i = 0; goes_on(2000);) {
		if (now() > next) {
			wanted *= 2;
			next = now() + step;
		}
		for (; i < (int)wanted; i++)
			leaky_function();
	}
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*run)();
	} toys[] = { { "simple-leak", simple_leak },
		     { "leak-one-percent", leak_one_percent },
		     { "no-leak", no_leak },
		     { "vector-grows", vector_grows },
		     { "map-grows", map_grows },
		     { "map-bounded", map_bounded },
		     { "string-grows", string_grows },
		     { "batch-work", batch_work },
		     { "slow-batches", slow_batches },
		     { "storm-full", storm_full },
		     { "storm-paced", storm_paced },
		     { "queue-slow-consumer", queue_slow_consumer },
		     { "queue-keeps-up", queue_keeps_up },
		     { "cache-warms-up", cache_warms_up },
		     { "threads-pile-up", threads_pile_up },
		     { "starts-late", starts_late },
		     { "doubles", doubles } };

	if (argc < 3)
		return 2;
	end_at = now() + atof(argv[2]);
	for (const auto &toy : toys)
		if (strcmp(toy.name, argv[1]) == 0)
			toy.run();
	return 0;
}
