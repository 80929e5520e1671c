/*
 * classes - C++ programs again: graphs, indexes, exceptions, windows
 */
#include <deque>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "tests/scenarios/scenario.h"

namespace app
{

struct Node {
	std::vector<std::shared_ptr<Node>> edges;
	std::string label;
};

class Graph
{
      public:
	SCENARIO void connect(int n)
	{
		auto from = std::make_shared<Node>(), to = std::make_shared<Node>();

		from->label = "a node of the graph with the number " + std::to_string(n);
		from->edges.push_back(to);
		to->edges.push_back(from);
	}
};

/* Postings of a search index: vectors in a map, each of which doubles now and then. */
class Index
{
      public:
	SCENARIO void post(unsigned word, int document)
	{
		postings["word" + std::to_string(word)].push_back(document);
	}

      private:
	std::map<std::string, std::vector<int>> postings;
};

struct Record {
	char *text;
	double value;
};

SCENARIO double parse_number(const std::string &text)
{
	auto *record = (Record *)scenario_use(new Record{ new char[100], 0 }, 0);

	record->value = std::stod(text); /* throws, and the record is lost */
	double value = record->value;
	delete[] record->text;
	delete record;
	return value;
}

SCENARIO double parse_or_zero(const std::string &text)
{
	try {
		return parse_number(text);
	} catch (const std::invalid_argument &) {
		return 0;
	}
}

class Presence
{
      public:
	SCENARIO void arrive(unsigned who)
	{
		present.emplace(who, std::string(120, 'p'));
	}

	SCENARIO void leave(unsigned who)
	{
		present.erase(who);
	}

      private:
	std::unordered_map<unsigned, std::string> present;
};

class Window
{
      public:
	SCENARIO void add(double value, std::size_t most)
	{
		values.push_back(std::vector<double>(20, value));
		if (values.size() > most)
			values.pop_front();
	}

      private:
	std::deque<std::vector<double>> values;
};

class Journal
{
      public:
	SCENARIO void write(int n, std::size_t most)
	{
		pages.push_back(std::make_unique<std::string>(
			"an entry of the journal with the number " + std::to_string(n)));
		if (pages.size() >= most)
			std::vector<std::unique_ptr<std::string>>().swap(pages);
	}

      private:
	std::vector<std::unique_ptr<std::string>> pages;
};

/* Everything that was ever seen, so as not to do it twice. */
class Deduplicator
{
      public:
	SCENARIO bool is_new(unsigned long id)
	{
		return seen.insert(id).second;
	}

      private:
	std::unordered_set<unsigned long> seen;
};

} // namespace app

static void graph(double scale)
{
	app::Graph graph;
	int n = 0;

	while (scenario_tick(80 * scale))
		graph.connect(n++);
}

static void index_grows(double scale)
{
	app::Index index;
	int n = 0;

	while (scenario_tick(1500 * scale))
		index.post(scenario_random(200), n++);
}

static void exceptions(double scale)
{
	unsigned n = 0;

	while (scenario_tick(400 * scale))
		app::parse_or_zero(n++ % 25 == 0 ? "none" : "12.5");
}

static void presence(double scale)
{
	app::Presence present;
	unsigned most = (unsigned)(600 * scale);

	for (unsigned i = 0; i < most; i += 2)
		present.arrive(i);
	while (scenario_tick(1500)) {
		present.arrive(scenario_random(most));
		present.leave(scenario_random(most));
	}
}

static void window(double scale)
{
	app::Window window;

	while (scenario_tick(1000))
		window.add(1, (std::size_t)(500 * scale));
}

static void journal(double scale)
{
	app::Journal journal;
	int n = 0;

	while (scenario_tick(1100))
		journal.write(n++, (std::size_t)(1400 * scale));
}

static void seen_ids(double scale)
{
	app::Deduplicator seen;
	unsigned long id = 0;

	while (scenario_tick(700 * scale))
		seen.is_new(id++ * 2654435761ul);
}

int main(int argc, char **argv)
{
	static const struct scenario scenarios[] = {
		{ "graph", graph },           { "index-grows", index_grows },
		{ "exceptions", exceptions }, { "presence", presence },
		{ "window", window },         { "journal", journal },
		{ "seen-ids", seen_ids },     { nullptr, nullptr },
	};

	return scenario_main(argc, argv, scenarios);
}
