/*
 * crafts - C++ of many trades, built as a release is: with -O2, most of it inlined
 */
#include "tests/scenarios/scenario.h"

#include <algorithm>
#include <any>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <queue>
#include <set>
#include <string>
#include <thread>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace craft
{

std::string text_of(uint32_t number)
{
	return "text number " + std::to_string(number) + " which has some length";
}

/* everything that ever happened */
class EventStore
{
      public:
	void record(std::any event)
	{
		events.push_back(std::move(event));
	}

      private:
	std::list<std::any> events;
};

void event_store(double scale)
{
	EventStore store;

	for (uint32_t number = 0; scenario_tick(200 * scale); number++)
		store.record(text_of(number));
}

/* a matrix made anew for each product */
using Matrix = std::vector<std::vector<double>>;

__attribute__((noinline)) Matrix multiply(const Matrix &a, const Matrix &b)
{
	Matrix c(a.size(), std::vector<double>(b[0].size()));

	for (size_t i = 0; i < a.size(); i++)
		for (size_t j = 0; j < b[0].size(); j++)
			for (size_t k = 0; k < b.size(); k++)
				c[i][j] += a[i][k] * b[k][j];
	return c;
}

void matrices(double scale)
{
	Matrix a(6, std::vector<double>(6, 1)), b(a);

	while (scenario_tick(200))
		for (int i = 0; i < 30 * scale; i++)
			multiply(a, b);
}

/* words on the heap, each a string of its own */
__attribute__((noinline)) size_t tokenize(const std::string &line)
{
	std::vector<std::string> words;
	size_t from = 0, to;

	while ((to = line.find(' ', from)) != std::string::npos) {
		words.push_back(line.substr(from, to - from));
		from = to + 1;
	}
	return words.size();
}

void tokens(double scale)
{
	std::string line;

	for (int i = 0; i < 60; i++)
		line += "averyveryverylongword" + std::to_string(i) + " ";
	while (scenario_tick(200))
		for (int i = 0; i < 5 * scale; i++)
			tokenize(line);
}

/* numbers of messages that were seen, two generations of them */
void seen_twice(double scale)
{
	std::unordered_set<std::string> young, old;
	uint32_t number = 0;

	while (scenario_tick(400)) {
		young.insert(text_of(number++));
		if (young.size() < 500 * scale)
			continue;
		old.swap(young);
		young.clear();
	}
}

/* cancelled tasks keep their place until their hour, which is far away */
struct Task {
	double at;
	std::shared_ptr<std::string> text;
	bool operator<(const Task &other) const
	{
		return at > other.at;
	}
};

class Scheduler
{
      public:
	void schedule(double at, uint32_t number)
	{
		tasks.push({ at, std::make_shared<std::string>(text_of(number)) });
	}
	void run(double now)
	{
		while (!tasks.empty() && tasks.top().at < now)
			tasks.pop();
	}

      private:
	std::priority_queue<Task> tasks;
};

void far_tasks(double scale)
{
	Scheduler scheduler;

	for (uint32_t number = 0; scenario_tick(200); number++) {
		double now = scenario_done() * scenario_seconds();

		scheduler.schedule(now + (number % 4 == 0 ? 3600 : 0.1), number);
		if (scale > 0)
			scheduler.run(now);
	}
}

/* the same where every hour comes soon */
void near_tasks(double scale)
{
	Scheduler scheduler;

	for (uint32_t number = 0; scenario_tick(400); number++) {
		double now = scenario_done() * scenario_seconds();

		scheduler.schedule(now + scale * (0.1 + number % 10 * 0.05), number);
		scheduler.run(now);
	}
}

/* few keys, each with all that was ever measured */
std::map<std::string, std::vector<std::pair<double, double>>> measured;

void record_sample(const std::string &sensor, double value)
{
	measured[sensor].emplace_back(value, scenario_done());
}

void samples(double scale)
{
	static const char *sensors[] = { "inlet", "outlet", "oil", "exhaust", "ambient" };

	while (scenario_tick(200))
		for (int i = 0; i < 10 * scale; i++)
			record_sample(sensors[scenario_random(5)], i);
}

/* handlers in threads, what they share is owned by all */
void handlers(double scale)
{
	std::mutex lock;
	std::map<uint32_t, std::shared_ptr<std::string>> open;
	bool over = false;
	std::thread other([&] {
		for (uint32_t key = 0;; key++) {
			std::lock_guard<std::mutex> guard(lock);

			if (over)
				return;
			open.erase(key % 256);
		}
	});

	while (scenario_tick(500 * scale)) {
		std::lock_guard<std::mutex> guard(lock);
		uint32_t key = scenario_random(256);

		open[key] = std::make_shared<std::string>(text_of(key));
	}
	std::unique_lock<std::mutex> guard(lock);
	over = true;
	guard.unlock();
	other.join();
}

/* subscribers that are gone are cleaned away on the next event */
void weak_listeners(double scale)
{
	std::vector<std::weak_ptr<std::string>> listeners;
	std::vector<std::shared_ptr<std::string>> alive(100);

	for (uint32_t number = 0; scenario_tick(500 * scale); number++) {
		auto &place = alive[number % 100];

		place = std::make_shared<std::string>(text_of(number));
		listeners.push_back(place);
		listeners.erase(std::remove_if(listeners.begin(), listeners.end(),
					       [](auto &weak) { return weak.expired(); }),
				listeners.end());
	}
}

/* an index of documents: words of a fixed language, documents without end */
class Index
{
      public:
	void add(uint32_t document)
	{
		for (int i = 0; i < 12; i++) {
			uint32_t word = scenario_random(60) * scenario_random(60);

			postings[text_of(word)].insert(document);
		}
	}

      private:
	std::unordered_map<std::string, std::set<uint32_t>> postings;
};

void documents(double scale)
{
	Index index;

	for (uint32_t number = 0; scenario_tick(100 * scale); number++)
		index.add(number);
}

/* a pool that hands out shared objects and takes them back by their deleter */
class Pool
{
      public:
	std::shared_ptr<std::string> take()
	{
		std::string *object = nullptr;

		if (!idle.empty()) {
			object = idle.back();
			idle.pop_back();
		} else {
			object = new std::string(2000, 'x');
		}
		return { object, [this](std::string *done) { idle.push_back(done); } };
	}

      private:
	std::vector<std::string *> idle;
};

void object_pool(double scale)
{
	Pool pool;
	std::vector<std::shared_ptr<std::string>> busy(64);

	while (scenario_tick(500 * scale))
		busy[scenario_random(64)] = pool.take();
	busy.clear();
}

const struct scenario SCENARIOS[] = {
	{ "event-store", event_store },
	{ "matrices", matrices },
	{ "tokens", tokens },
	{ "seen-twice", seen_twice },
	{ "far-tasks", far_tasks },
	{ "near-tasks", near_tasks },
	{ "samples", samples },
	{ "handlers", handlers },
	{ "weak-listeners", weak_listeners },
	{ "documents", documents },
	{ "object-pool", object_pool },
	{ nullptr, nullptr },
};

} // namespace craft

int main(int argc, char **argv)
{
	return scenario_main(argc, argv, craft::SCENARIOS);
}
