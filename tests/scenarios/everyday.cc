/*
 * everyday - C++ as it is written every day: containers, smart pointers, streams
 */
#include <deque>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <set>
#include <sstream>
#include <string>
#include <unordered_map>
#include <vector>

#include "tests/scenarios/scenario.h"

namespace shop
{

struct Order {
	std::string customer, text;
	std::vector<int> lines;
};

static std::string text_of(unsigned n)
{
	return "a customer's name that is long enough " + std::to_string(n);
}

/* pushes pointers, clears the vector, forgets what they point to */
class Batch
{
      public:
	SCENARIO void add(unsigned n)
	{
		Order *order = new Order;
		order->customer = text_of(n);
		orders_.push_back(order);
	}

	void flush()
	{
		for (size_t i = 0; i < orders_.size(); i++)
			if (i % 8 != 0)
				delete orders_[i];
		orders_.clear();
	}

      private:
	std::vector<Order *> orders_;
};

static void forgets_in_batches(double scale)
{
	Batch batch;

	for (unsigned n = 1; scenario_tick(400 * scale); n++) {
		batch.add(n);
		if (n % 40 == 0)
			batch.flush();
	}
}

/* a map from request to context whose entries are taken out only when all went well */
class Contexts
{
      public:
	SCENARIO void begin(unsigned id)
	{
		open_[id] = std::make_unique<Order>();
		open_[id]->text = text_of(id);
	}

	void end(unsigned id)
	{
		if (id % 9 != 0)
			open_.erase(id);
	}

      private:
	std::map<unsigned, std::unique_ptr<Order>> open_;
};

static void contexts_stay(double scale)
{
	Contexts contexts;

	for (unsigned n = 1; scenario_tick(300 * scale); n++) {
		contexts.begin(n);
		if (n > 20)
			contexts.end(n - 20);
	}
}

struct Person {
	std::string name;
	std::shared_ptr<Person> friend_of;
};

SCENARIO static void meet(unsigned n)
{
	auto a = std::make_shared<Person>(), b = std::make_shared<Person>();

	a->name = text_of(n);
	a->friend_of = b;
	if (n % 4 == 0)
		b->friend_of = a;
}

static void friends(double scale)
{
	for (unsigned n = 0; scenario_tick(300 * scale); n++)
		meet(n);
}

/* unique_ptr::release() taken for a free */
SCENARIO static void drop_session(unsigned n)
{
	auto session = std::make_unique<char[]>(200);

	scenario_use(session.get(), 200);
	if (n % 10 == 0)
		session.release();
}

static void released(double scale)
{
	for (unsigned n = 0; scenario_tick(400 * scale); n++)
		drop_session(n);
}

/* counts by name: as many names as there are */
class Counters
{
      public:
	SCENARIO void count(const std::string &name)
	{
		counts_[name]++;
	}

      private:
	std::unordered_map<std::string, long> counts_;
};

static void counts_known(double scale)
{
	Counters counters;

	while (scenario_tick(1000))
		counters.count(text_of(scenario_random((unsigned)(900 * scale))));
}

static void counts_new(double scale)
{
	Counters counters;

	for (unsigned n = 0; scenario_tick(600 * scale); n++)
		counters.count(text_of(n));
}

/* the last so many */
class Recent
{
      public:
	explicit Recent(size_t most) : most_(most)
	{
	}

	SCENARIO void note(unsigned n)
	{
		lines_.push_back(text_of(n));
		if (lines_.size() > most_)
			lines_.pop_front();
	}

      private:
	size_t most_;
	std::deque<std::string> lines_;
};

static void recent_lines(double scale)
{
	Recent recent((size_t)(600 * scale));

	for (unsigned n = 0; scenario_tick(700); n++)
		recent.note(n);
}

/* least recently used, as it is written in interviews */
class Cache
{
      public:
	explicit Cache(size_t most) : most_(most)
	{
	}

	SCENARIO void put(unsigned key)
	{
		auto found = where_.find(key);

		if (found != where_.end())
			order_.erase(found->second);
		order_.emplace_front(key, text_of(key));
		where_[key] = order_.begin();
		if (order_.size() <= most_)
			return;
		where_.erase(order_.back().first);
		order_.pop_back();
	}

      private:
	size_t most_;
	std::list<std::pair<unsigned, std::string>> order_;
	std::unordered_map<unsigned,
			   std::list<std::pair<unsigned, std::string>>::iterator>
		where_;
};

static void interview_cache(double scale)
{
	Cache cache((size_t)(300 * scenario_seconds() * scale));

	for (unsigned n = 0; scenario_tick(600); n++)
		cache.put(n % 7 == 0 ? scenario_random(n + 1) : n);
}

SCENARIO static size_t join(unsigned n)
{
	std::string text;

	for (unsigned i = 0; i < 12; i++)
		text = text + text_of(n + i) + ",";
	return text.size();
}

static void joins(double scale)
{
	for (unsigned n = 0; scenario_tick(1000); n++)
		for (int i = 0; i < 8 * scale; i++)
			join(n);
}

SCENARIO static size_t tokens_of(unsigned n)
{
	std::istringstream from("alpha beta gamma delta " + std::to_string(n));
	std::set<std::string> seen;
	std::string word;

	while (from >> word)
		seen.insert(word + " with a tail that does not fit inside");
	return seen.size();
}

static void tokens_seen(double scale)
{
	for (unsigned n = 0; scenario_tick(200 * scale); n++)
		tokens_of(n);
}

SCENARIO static void collect(std::vector<std::string> &report, unsigned n)
{
	report.push_back(text_of(n));
}

static void reports(double scale)
{
	std::vector<std::string> report;

	for (unsigned n = 1; scenario_tick(800); n++) {
		collect(report, n);
		if (n % (unsigned)(900 * scale) == 0)
			std::vector<std::string>().swap(report);
	}
}

/* each listener makes the next two */
class Bus
{
      public:
	SCENARIO void subscribe()
	{
		listeners_.push_back(std::make_unique<std::function<int(int)>>(
			[copy = std::string(100, 'x')](int n) { return n + copy[0]; }));
	}

	size_t count() const
	{
		return listeners_.size();
	}

      private:
	std::list<std::unique_ptr<std::function<int(int)>>> listeners_;
};

static void listeners_multiply(double scale)
{
	Bus bus;
	double due = 30;

	while (scenario_tick(100)) {
		due *= 1 + 0.006 / scale;
		while (bus.count() < due && bus.count() < 200000)
			bus.subscribe();
	}
}

} // namespace shop

int main(int argc, char **argv)
{
	static const struct scenario scenarios[] = {
		{ "forgets-in-batches", shop::forgets_in_batches },
		{ "contexts-stay", shop::contexts_stay },
		{ "friends", shop::friends },
		{ "released", shop::released },
		{ "counts-known", shop::counts_known },
		{ "counts-new", shop::counts_new },
		{ "recent-lines", shop::recent_lines },
		{ "interview-cache", shop::interview_cache },
		{ "joins", shop::joins },
		{ "tokens-seen", shop::tokens_seen },
		{ "reports", shop::reports },
		{ "listeners-multiply", shop::listeners_multiply },
		{ nullptr, nullptr },
	};

	return scenario_main(argc, argv, scenarios);
}
