/*
 * objects - the same in C++: the culprit is below the containers
 */
#include <cstdio>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "tests/scenarios/scenario.h"

namespace shop
{

struct Order {
	std::string customer;
	std::vector<int> items;
	std::shared_ptr<Order> peer;
};

class Registry
{
      public:
	SCENARIO void add(int id)
	{
		orders[id] = std::make_unique<Order>();
		orders[id]->customer = "customer with a long name " + std::to_string(id);
	}

      private:
	std::map<int, std::unique_ptr<Order>> orders;
};

SCENARIO void pair_up()
{
	auto one = std::make_shared<Order>(), other = std::make_shared<Order>();

	one->peer = other;
	other->peer = one;
}

SCENARIO std::size_t describe(int n)
{
	std::string text = "order number " + std::to_string(n) + " of the customer";

	text += " is on its way to the place where it shall be";
	return text.size();
}

class Cache
{
      public:
	explicit Cache(std::size_t most) : most(most)
	{
	}

	SCENARIO void look_up(int key)
	{
		auto found = values.find(key);

		if (found != values.end())
			return;
		if (values.size() >= most)
			values.erase(values.begin());
		values.emplace(key, std::string(300, 'x'));
	}

      private:
	std::size_t most;
	std::unordered_map<int, std::string> values;
};

SCENARIO void gather(std::deque<std::string> &lines)
{
	lines.push_back(std::string(400, 'y'));
}

} // namespace shop

static void registry(double scale)
{
	shop::Registry orders;
	int id = 0;

	while (scenario_tick(200 * scale))
		orders.add(id++);
}

static void cycle(double scale)
{
	while (scenario_tick(100 * scale)) {
		shop::pair_up();
		shop::describe(1);
	}
}

static void strings(double scale)
{
	volatile std::size_t sum = 0;

	while (scenario_tick(1000))
		for (int i = 0; i < 60 * scale; i++)
			sum = sum + shop::describe(i);
}

static void cache(double scale)
{
	shop::Cache values((std::size_t)(2000 * scale));

	while (scenario_tick(1500))
		values.look_up((int)scenario_random((unsigned)(2600 * scale)));
}

static void batch(double scale)
{
	std::deque<std::string> lines;

	while (scenario_tick(1000)) {
		shop::gather(lines);
		if (lines.size() > 1200 * scale)
			lines.clear();
	}
}

static void requests(double scale)
{
	volatile std::size_t sum = 0;

	while (scenario_tick(300 * scale))
		sum = sum + shop::describe(7);
}

int main(int argc, char **argv)
{
	static const struct scenario scenarios[] = {
		{ "registry", registry }, { "cycle", cycle }, { "strings", strings },
		{ "cache", cache },       { "batch", batch }, { "requests", requests },
		{ nullptr, nullptr },
	};

	return scenario_main(argc, argv, scenarios);
}
