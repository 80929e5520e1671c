/*
 * containers - C++ programs: what a class keeps, what a container's growth looks like
 */
#include <cstdlib>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <queue>
#include <set>
#include <sstream>
#include <string>
#include <unordered_map>
#include <vector>

#include "tests/scenarios/scenario.h"

namespace net
{

struct Packet {
	int number;
	std::vector<char> bytes;
};

/* A vector of plain numbers: nothing but doublings. */
class Metrics
{
      public:
	SCENARIO void sample(double value)
	{
		values.push_back(value);
	}

      private:
	std::vector<double> values;
};

class Bus
{
      public:
	SCENARIO void subscribe(int topic)
	{
		handlers[topic % 10].push_back([topic](int n) { return n + topic; });
	}

	SCENARIO int publish(int topic)
	{
		std::string text =
			"a message to everybody who listens to " + std::to_string(topic);

		return (int)text.size();
	}

      private:
	std::map<int, std::list<std::function<int(int)>>> handlers;
};

class Inbox
{
      public:
	SCENARIO void receive(int number)
	{
		auto packet = std::make_unique<Packet>();

		packet->number = number;
		packet->bytes.resize(500);
		waiting.push(std::move(packet));
	}

	SCENARIO void work_off()
	{
		if (!waiting.empty())
			waiting.pop();
	}

	std::size_t size() const
	{
		return waiting.size();
	}

      private:
	std::queue<std::unique_ptr<Packet>> waiting;
};

class Lru
{
      public:
	explicit Lru(std::size_t most) : most(most)
	{
	}

	SCENARIO const std::string &fetch(int key)
	{
		auto found = where.find(key);

		if (found != where.end()) {
			order.splice(order.begin(), order, found->second);
			return found->second->second;
		}
		order.emplace_front(key, std::string(350, 'v'));
		where[key] = order.begin();
		if (order.size() > most) {
			where.erase(order.back().first);
			order.pop_back();
		}
		return order.front().second;
	}

      private:
	std::size_t most;
	std::list<std::pair<int, std::string>> order;
	std::unordered_map<int, std::list<std::pair<int, std::string>>::iterator> where;
};

struct Base {
	virtual int kind() const
	{
		return 0;
	}
	/* no virtual destructor: what Derived has is never destroyed */
	~Base() = default;
};

struct Derived : Base {
	std::string name = "a name that is too long to lie inside";
	int kind() const override
	{
		return 1;
	}
};

SCENARIO Base *make_shape()
{
	return new Derived();
}

SCENARIO void destroy_shape(Base *shape)
{
	void *block = shape;

	shape->~Base();
	::operator delete(block);
}

SCENARIO std::string render(int n)
{
	std::ostringstream out;

	out << "<p>paragraph " << n << "</p>" << std::string(100, '-');
	return out.str();
}

} // namespace net

static void samples(double scale)
{
	net::Metrics metrics;

	while (scenario_tick(1000 * scale)) {
		metrics.sample(scenario_done());
		free(scenario_use(malloc(100), 1));
	}
}

static void subscribers(double scale)
{
	net::Bus bus;
	int n = 0;

	while (scenario_tick(200 * scale)) {
		bus.subscribe(n++);
		bus.publish(n);
	}
}

static void inbox_grows(double scale)
{
	net::Inbox inbox;
	int n = 0;

	while (scenario_tick(300)) {
		inbox.receive(n);
		if (n++ % 100 >= 20 * scale)
			inbox.work_off();
	}
}

static void inbox_bounded(double scale)
{
	net::Inbox inbox;
	int n = 0;

	while (scenario_tick(600)) {
		if (inbox.size() < 200 * scale)
			inbox.receive(n++);
		if (scenario_random(10) < 5)
			inbox.work_off();
	}
}

static void lru(double scale)
{
	net::Lru cache((std::size_t)(1000 * scale));

	while (scenario_tick(1200))
		cache.fetch((int)scenario_random(100000));
}

/* most of the look-ups go to a few keys */
static void lru_skewed(double scale)
{
	net::Lru cache((std::size_t)(2500 * scale));

	while (scenario_tick(1500)) {
		unsigned key = 1 + scenario_random(2000);

		cache.fetch((int)(key * key / 2000));
	}
}

static void destructor(double scale)
{
	while (scenario_tick(200 * scale))
		net::destroy_shape(net::make_shape());
}

static void pages(double scale)
{
	volatile std::size_t sum = 0;

	while (scenario_tick(200 * scale))
		sum = sum + net::render(1).size();
}

static void pages_storm(double scale)
{
	volatile std::size_t sum = 0;

	while (scenario_tick(1000))
		for (int i = 0; i < 60 * scale; i++)
			sum = sum + net::render(i).size();
}

/* A set that is built, used for a while and dropped. */
static void indexes(double scale)
{
	std::set<int> index;

	while (scenario_tick(1500)) {
		index.insert((int)scenario_random(1u << 30));
		if (index.size() >= 2000 * scale)
			index.clear();
	}
}

int main(int argc, char **argv)
{
	static const struct scenario scenarios[] = {
		{ "samples", samples },
		{ "subscribers", subscribers },
		{ "inbox-grows", inbox_grows },
		{ "inbox-bounded", inbox_bounded },
		{ "lru", lru },
		{ "lru-skewed", lru_skewed },
		{ "destructor", destructor },
		{ "pages", pages },
		{ "pages-storm", pages_storm },
		{ "indexes", indexes },
		{ nullptr, nullptr },
	};

	return scenario_main(argc, argv, scenarios);
}
