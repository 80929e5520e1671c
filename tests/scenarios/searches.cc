/*
 * searches - C++ that looks for things: what it builds for that, keeps, and drops
 */
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <queue>
#include <regex>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "tests/scenarios/scenario.h"

namespace search
{

size_t sink;

/* a set of places for each search, many a second; a pause after each */
void find_way(int places)
{
	std::priority_queue<std::pair<int, int>> open;
	std::unordered_map<int, int> came;

	open.emplace(0, 0);
	while (!open.empty() && (int)came.size() < places) {
		auto [cost, place] = open.top();

		open.pop();
		for (int next : { place + 1, place - 1, place + 200, place - 200 })
			if (came.emplace(next, place).second)
				open.emplace(cost - 1 - (int)scenario_random(5), next);
	}
	sink += came.size();
}

void ways(double scale)
{
	while (scenario_tick(20 * scale))
		find_way(200 + (int)scenario_random(300));
}

/* settings that are copied when one is set; the last 20 copies live: 150 settings */
struct Settings {
	std::map<std::string, std::string> of;
};

void settings_copied(double scale)
{
	auto now = std::make_shared<const Settings>();
	std::deque<std::shared_ptr<const Settings>> readers;

	while (scenario_tick(60 * scale)) {
		auto next = std::make_shared<Settings>(*now);

		next->of["setting " + std::to_string(scenario_random(150))] =
			"a value of some length, of version " +
			std::to_string(scenario_random(1000));
		readers.push_back(now = next);
		if (readers.size() > 20)
			readers.pop_front();
	}
}

/* crews of four threads that fill what is theirs alone, and end */
void crew(int places)
{
	std::unordered_map<int, std::string> own;

	for (int i = 0; i < places; i++)
		own[i] = "something that this thread found";
	std::this_thread::sleep_for(std::chrono::milliseconds(15));
}

void crews(double scale)
{
	while (scenario_tick(20 * scale)) {
		std::vector<std::thread> threads;

		for (int i = 0; i < 4; i++)
			threads.emplace_back(crew, 100 + (int)scenario_random(200));
		for (auto &thread : threads)
			thread.join();
	}
}

/* what was found for each word is kept for ever, in a tree of letters */
struct Letters {
	std::unique_ptr<Letters> next[26];

	void add(const std::string &word);
};

void Letters::add(const std::string &word)
{
	Letters *at = this;

	for (char c : word) {
		auto &next = at->next[c - 'a'];

		if (!next)
			next = std::make_unique<Letters>();
		at = next.get();
	}
}

void letters(double scale)
{
	Letters all;

	while (scenario_tick(300 * scale)) {
		std::string word;

		for (uint32_t i = 5 + scenario_random(6); i > 0; i--)
			word += (char)('a' + scenario_random(26));
		all.add(word);
	}
}

/* a tree for each reload, which nobody deletes */
struct Directive {
	std::vector<Directive *> inside;
	std::string text;
};

Directive *parse_directives(int depth)
{
	auto *one = new Directive;

	one->text = "a directive of the configuration's file";
	for (int i = 0; depth > 0 && i < 4; i++)
		one->inside.push_back(parse_directives(depth - 1));
	return one;
}

void reloads(double scale)
{
	while (scenario_tick(5 * scale))
		sink += parse_directives(3)->inside.size();
}

/* who asked is told of what is found, though long gone */
struct Wish {
	std::string text;
};

std::vector<std::function<size_t()>> listeners;

void listen_for(uint32_t number)
{
	auto wish = std::make_shared<Wish>();

	wish->text = "what number " + std::to_string(number) + " of all is looking for";
	listeners.push_back([wish] { return wish->text.size(); });
}

void listeners_stay(double scale)
{
	for (uint32_t number = 0; scenario_tick(300 * scale); number++)
		listen_for(number);
}

/* an expression that is compiled for each line */
bool is_address(const std::string &line)
{
	std::regex address("[a-z.]+@[a-z]+\\.(org|com|net)");

	return std::regex_match(line, address);
}

void expressions(double scale)
{
	while (scenario_tick(400 * scale))
		for (int i = 0; i < 4; i++)
			sink += is_address("some.body@example.org");
}

/* as many series as there are sensors, each with all that was measured */
void series(double scale)
{
	std::map<int, std::vector<double>> all;

	while (scenario_tick(200))
		for (int i = 0; i < 12 * scale; i++)
			all[(int)scenario_random(6)].push_back(i);
}

} // namespace search

int main(int argc, char **argv)
{
	static const struct scenario scenarios[] = {
		{ "ways", search::ways },
		{ "settings-copied", search::settings_copied },
		{ "crews", search::crews },
		{ "letters", search::letters },
		{ "reloads", search::reloads },
		{ "listeners-stay", search::listeners_stay },
		{ "expressions", search::expressions },
		{ "series", search::series },
		{ nullptr, nullptr },
	};

	return scenario_main(argc, argv, scenarios);
}
