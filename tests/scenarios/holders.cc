/*
 * holders - C++ programs: maps, shared pointers, futures, memory resources, callbacks
 */
#include <deque>
#include <exception>
#include <functional>
#include <future>
#include <list>
#include <map>
#include <memory>
#include <memory_resource>
#include <queue>
#include <set>
#include <stdexcept>
#include <string>
#include <unordered_map>
#include <variant>
#include <vector>

#include "tests/scenarios/scenario.h"

namespace hold
{

/* Cancelled orders stay in the book. */
struct Book {
	std::map<double, std::list<std::string>> levels;

	SCENARIO void place(unsigned n)
	{
		levels[n % 9000 * 0.25].push_back("an order that nobody took, number " +
						  std::to_string(n));
	}

	SCENARIO void fill(unsigned n)
	{
		auto at = levels.find(n % 9000 * 0.25);

		if (at != levels.end())
			levels.erase(at);
	}
};

struct Sessions {
	std::unordered_map<unsigned, std::vector<char>> by_user;

	SCENARIO void touch(unsigned user)
	{
		by_user.try_emplace(user, 64);
	}
};

struct Document {
	std::string text;
	std::shared_ptr<Document> twin;
};

/* What is gone is still watched, so its block stays. */
struct Registry {
	std::vector<std::weak_ptr<Document>> watched;

	SCENARIO void open(unsigned n)
	{
		auto document = std::make_shared<Document>();

		document->text = "document " + std::to_string(n);
		watched.push_back(document);
	}
};

SCENARIO void parent_and_child(bool weak)
{
	struct Node {
		std::shared_ptr<Node> child;
		std::shared_ptr<Node> parent;
		std::weak_ptr<Node> weak_parent;
		char payload[100];
	};
	auto parent = std::make_shared<Node>();

	parent->child = std::make_shared<Node>();
	if (weak)
		parent->child->weak_parent = parent;
	else
		parent->child->parent = parent;
}

struct Scheduler {
	std::vector<std::future<int>> waiting;

	SCENARIO void submit(int n)
	{
		waiting.push_back(
			std::async(std::launch::deferred, [n] { return n * n; }));
	}
};

/* Never released before its end: its blocks become larger and larger. */
struct Parser {
	std::pmr::monotonic_buffer_resource memory{ 1024 };

	SCENARIO void token(std::size_t length)
	{
		scenario_use(memory.allocate(length), 1);
	}
};

struct Rooms {
	std::pmr::unsynchronized_pool_resource memory;
	std::deque<std::pair<void *, std::size_t>> taken;

	SCENARIO void take(std::size_t bytes)
	{
		taken.emplace_back(memory.allocate(bytes), bytes);
		if (taken.size() < 200)
			return;
		memory.deallocate(taken.front().first, taken.front().second);
		taken.pop_front();
	}
};

/* A cancelled timer stays until its time is over. */
struct Timers {
	struct Timer {
		double due;
		std::string what;
		bool operator<(const Timer &other) const
		{
			return due > other.due;
		}
	};
	std::priority_queue<Timer> queue;

	SCENARIO void set(double due)
	{
		queue.push({ due, "call back who wanted to be called back" });
	}

	SCENARIO void fire(double now)
	{
		while (!queue.empty() && queue.top().due < now)
			queue.pop();
	}
};

struct ErrorLog {
	std::vector<std::exception_ptr> errors;

	SCENARIO void capture(unsigned n)
	{
		try {
			throw std::runtime_error("request " + std::to_string(n));
		} catch (...) {
			errors.push_back(std::current_exception());
		}
	}
};

/* Each step wraps the one before it. */
struct Pipeline {
	std::function<int(int)> step = [](int n) { return n; };

	SCENARIO void then(int add)
	{
		step = [before = std::move(step), add](int n) { return n + add; };
	}
};

struct Json {
	std::variant<double, std::string, std::vector<Json>, std::map<std::string, Json>>
		is;
};

SCENARIO Json parse(unsigned depth)
{
	std::map<std::string, Json> members;
	std::vector<Json> items;

	if (depth == 0)
		return { std::string("a text that is not short any more") };
	for (int i = 0; i < 3; i++)
		items.push_back(parse(depth - 1));
	members["items"] = { std::move(items) };
	members["count"] = { 3.0 };
	return { std::move(members) };
}

struct Report {
	std::string text;

	SCENARIO void line(unsigned n)
	{
		text += "line " + std::to_string(n) + " of the report\n";
	}

	SCENARIO void send()
	{
		std::string().swap(text);
	}
};

/* A window over what came lately, by a tree. */
struct Window {
	std::multiset<std::pair<double, std::string>> values;

	SCENARIO void add(double now, double span)
	{
		values.insert({ now, "a measured value and where it was measured" });
		while (values.begin()->first < now - span)
			values.erase(values.begin());
	}
};

} // namespace hold

static void book(double scale)
{
	hold::Book book;

	for (unsigned n = 0; scenario_tick(400); n++) {
		book.place(n);
		if (scenario_random(100) > 20 * scale)
			book.fill(n);
	}
}

static void sessions(double scale)
{
	hold::Sessions sessions;
	unsigned users = 0;

	while (scenario_tick(500))
		sessions.touch(scenario_random(100) < 30 * scale
				       ? users++
				       : scenario_random(users + 1));
}

static void watched(double scale)
{
	hold::Registry registry;

	for (unsigned n = 0; scenario_tick(250 * scale); n++)
		registry.open(n);
}

static void parents(double scale)
{
	while (scenario_tick(120 * scale))
		hold::parent_and_child(false);
}

static void weak_parents(double scale)
{
	while (scenario_tick(120 * scale))
		hold::parent_and_child(true);
}

static void futures(double scale)
{
	hold::Scheduler scheduler;

	for (int n = 0; scenario_tick(200 * scale); n++)
		scheduler.submit(n);
}

static void tokens(double scale)
{
	hold::Parser parser;

	while (scenario_tick(400 * scale))
		parser.token(24 + scenario_random(100));
}

static void rooms(double scale)
{
	hold::Rooms rooms;

	while (scenario_tick(400 * scale))
		rooms.take(16 + scenario_random(500));
}

static void timers(double scale)
{
	hold::Timers timers;

	while (scenario_tick(400 * scale)) {
		double now = scenario_done();

		timers.set(now + 0.02 + scenario_random(100) / 1000.0);
		timers.fire(now);
	}
}

static void errors(double scale)
{
	hold::ErrorLog log;

	for (unsigned n = 0; scenario_tick(100 * scale); n++)
		log.capture(n);
}

static void chain(double scale)
{
	hold::Pipeline pipeline;

	for (int n = 0; scenario_tick(150 * scale); n++)
		pipeline.then(n);
}

static void json(double scale)
{
	while (scenario_tick(60 * scale))
		hold::parse(4);
}

static void reports(double scale)
{
	hold::Report report;

	for (unsigned n = 1; scenario_tick(600); n++) {
		report.line(n);
		if (n % (unsigned)(900 * scale) == 0)
			report.send();
	}
}

static void window(double scale)
{
	hold::Window window;

	while (scenario_tick(400 * scale))
		window.add(scenario_done(), 0.08);
}

int main(int argc, char **argv)
{
	static const struct scenario scenarios[] = {
		{ "book", book },
		{ "sessions", sessions },
		{ "watched", watched },
		{ "parents", parents },
		{ "weak-parents", weak_parents },
		{ "futures", futures },
		{ "tokens", tokens },
		{ "rooms", rooms },
		{ "timers", timers },
		{ "errors", errors },
		{ "chain", chain },
		{ "json", json },
		{ "reports", reports },
		{ "window", window },
		{ nullptr, nullptr },
	};

	return scenario_main(argc, argv, scenarios);
}
