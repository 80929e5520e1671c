/*
 * idioms - C++ as it is written: containers, owners, cycles, exceptions
 *
 * No function is marked noinline that its author would not mark: the culprit is a frame
 * of the program, inlined or not.
 */
#include "tests/scenarios/scenario.h"

#include <deque>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <memory_resource>
#include <regex>
#include <sstream>
#include <stdexcept>
#include <string>
#include <unordered_map>
#include <vector>

namespace app
{

std::string long_name(uint32_t number)
{
	return "a name that is longer than the small buffer " + std::to_string(number);
}

/* parent and child own one another */
struct Room;
struct Player {
	std::shared_ptr<Room> room;
	std::string name;
};
struct Room {
	std::vector<std::shared_ptr<Player>> players;
};

void join_room(uint32_t number)
{
	auto room = std::make_shared<Room>();
	auto player = std::make_shared<Player>();

	player->name = long_name(number);
	player->room = room;
	room->players.push_back(player);
}

void owner_cycle(double scale)
{
	for (uint32_t number = 0; scenario_tick(150 * scale); number++)
		join_room(number);
}

/* asking makes an entry */
std::unordered_map<std::string, int> known;

bool is_known(const std::string &name)
{
	return known[name] > 0;
}

void asked_is_kept(double scale)
{
	for (uint32_t number = 0; scenario_tick(300 * scale); number++)
		is_known(long_name(number));
}

/* a base class without a virtual destructor, deleted with care for nothing */
struct Shape {
	double area = 0;
};

class Polygon : public Shape
{
      public:
	explicit Polygon(uint32_t corners) : points(corners * 2)
	{
	}

      private:
	std::vector<double> points;
};

void draw(uint32_t number)
{
	Polygon *polygon = new Polygon(8 + number % 20);

	::operator delete(static_cast<Shape *>(polygon));
}

void half_deleted(double scale)
{
	for (uint32_t number = 0; scenario_tick(200 * scale); number++)
		draw(number);
}

/* listeners sign up and never off */
class Bus
{
      public:
	void subscribe(std::function<void(int)> listener)
	{
		listeners.push_back(std::move(listener));
	}
	void publish(int event)
	{
		for (auto &listener : listeners)
			listener(event);
	}

      private:
	std::list<std::function<void(int)>> listeners;
};

struct Widget {
	int events[30] = { 0 };
};

void open_window(Bus &bus)
{
	auto widget = std::make_shared<Widget>();

	bus.subscribe([widget](int event) { widget->events[event % 30]++; });
}

void listeners_stay(double scale)
{
	Bus bus;

	for (uint32_t number = 0; scenario_tick(50 * scale); number++) {
		open_window(bus);
		if (number % 64 == 0)
			bus.publish((int)number);
	}
}

/* thrown between new and delete */
struct Statement {
	char text[700];
};

void execute(uint32_t number)
{
	Statement *statement = new Statement;

	snprintf(statement->text, sizeof(statement->text), "select %u", number);
	if (number % 25 == 0)
		throw std::runtime_error("deadlock detected");
	delete statement;
}

void thrown_away(double scale)
{
	for (uint32_t number = 0; scenario_tick(800 * scale); number++) {
		try {
			execute(number);
		} catch (const std::exception &) {
		}
	}
}

/* a resource that only ever grows, for what lives as long as a request */
std::pmr::monotonic_buffer_resource everything;

void answer(uint32_t number)
{
	std::pmr::vector<int> numbers(&everything);

	for (uint32_t i = 0; i < 20 + number % 20; i++)
		numbers.push_back((int)i);
}

void monotonic(double scale)
{
	for (uint32_t number = 0; scenario_tick(200 * scale); number++)
		answer(number);
}

/* one block for object and counts: the weak one keeps it */
struct Texture {
	char pixels[2000];
};
std::vector<std::weak_ptr<Texture>> textures;

void load_texture()
{
	auto texture = std::make_shared<Texture>();

	texture->pixels[0] = 1;
	textures.push_back(texture);
}

void weak_keeps(double scale)
{
	textures.reserve(1 << 16);
	while (scenario_tick(60 * scale))
		load_texture();
}

/* an allocator that counts, as everybody writes one */
size_t counted;

template <typename T> struct Counting {
	using value_type = T;

	Counting() = default;
	template <typename U> Counting(const Counting<U> &)
	{
	}
	T *allocate(size_t count)
	{
		counted += count;
		return static_cast<T *>(::operator new(count * sizeof(T)));
	}
	void deallocate(T *block, size_t)
	{
		::operator delete(block);
	}
	bool operator==(const Counting &) const
	{
		return true;
	}
	bool operator!=(const Counting &) const
	{
		return false;
	}
};

std::vector<std::vector<int, Counting<int>>> orders;

void take_order(uint32_t number)
{
	orders.emplace_back(50 + number % 50);
}

void counting_allocator(double scale)
{
	orders.reserve(1 << 16);
	for (uint32_t number = 0; scenario_tick(120 * scale); number++)
		take_order(number);
}

/* bounded by its own rule: the least recently used goes */
class Recent
{
      public:
	void put(uint32_t key)
	{
		auto found = places.find(key);

		if (found != places.end())
			order.erase(found->second);
		order.emplace_front(key, long_name(key));
		places[key] = order.begin();
		if (order.size() <= 1500)
			return;
		places.erase(order.back().first);
		order.pop_back();
	}

      private:
	std::list<std::pair<uint32_t, std::string>> order;
	std::unordered_map<uint32_t,
			   std::list<std::pair<uint32_t, std::string>>::iterator>
		places;
};

void recent(double scale)
{
	Recent cache;

	while (scenario_tick(1000))
		cache.put(scenario_random((uint32_t)(6000 * scale)));
}

/* the last thousand lines */
void last_lines(double scale)
{
	std::deque<std::string> lines;

	(void)scale;
	for (uint32_t number = 0; scenario_tick(1200); number++) {
		lines.push_back(long_name(number));
		if (lines.size() > 1000)
			lines.pop_front();
	}
}

/* each step copies all that was before */
std::string build_report(uint32_t lines)
{
	std::string report;

	for (uint32_t i = 0; i < lines; i++)
		report = report + long_name(i) + "\n";
	return report;
}

void copies(double scale)
{
	while (scenario_tick(100))
		build_report((uint32_t)(80 * scale));
}

/* formatted by a stream of its own, each value */
std::string format_row(uint32_t number)
{
	std::ostringstream row;

	row << long_name(number) << "," << number * 0.5 << "," << long_name(number + 1);
	return row.str();
}

void streams(double scale)
{
	while (scenario_tick(100))
		for (uint32_t number = 0; number < 100 * scale; number++)
			format_row(number);
}

/* compiled for every line */
bool is_address(const std::string &line)
{
	return std::regex_match(line, std::regex("([0-9]+)\\.([0-9]+)\\.([0-9]+)"));
}

void regex_each(double scale)
{
	while (scenario_tick(100))
		for (uint32_t number = 0; number < 5 * scale; number++)
			is_address("10.20." + std::to_string(number));
}

/* a vector that is cleared and filled again keeps its room */
void room_kept(double scale)
{
	std::vector<std::string> batch;

	(void)scale;
	while (scenario_tick(400)) {
		batch.push_back(long_name(scenario_random(1000)));
		if (batch.size() == 60 + scenario_random(8))
			batch.clear();
		if (batch.size() > 80)
			batch.clear();
	}
}

/* a map of maps, of which days are dropped as they get old */
void by_day(double scale)
{
	std::map<uint32_t, std::map<uint32_t, std::string>> days;

	for (uint32_t number = 0; scenario_tick(500); number++) {
		days[(uint32_t)(number / (500 * scale))][number] = long_name(number);
		if (days.size() > 3)
			days.erase(days.begin());
	}
}

/* what was taken from its owner belongs to nobody */
std::unique_ptr<std::string> make_token(uint32_t number)
{
	return std::make_unique<std::string>(long_name(number));
}

size_t use_token(const std::string *token)
{
	return token->size();
}

void released(double scale)
{
	size_t sum = 0;

	for (uint32_t number = 0; scenario_tick(250 * scale); number++)
		sum += use_token(make_token(number).release());
	scenario_use(&sum, sizeof(sum));
}

const struct scenario SCENARIOS[] = {
	{ "owner-cycle", owner_cycle },
	{ "asked-is-kept", asked_is_kept },
	{ "half-deleted", half_deleted },
	{ "listeners-stay", listeners_stay },
	{ "thrown-away", thrown_away },
	{ "monotonic", monotonic },
	{ "weak-keeps", weak_keeps },
	{ "counting-allocator", counting_allocator },
	{ "recent", recent },
	{ "last-lines", last_lines },
	{ "copies", copies },
	{ "streams", streams },
	{ "regex-each", regex_each },
	{ "room-kept", room_kept },
	{ "by-day", by_day },
	{ "released", released },
	{ nullptr, nullptr },
};

} // namespace app

int main(int argc, char **argv)
{
	return scenario_main(argc, argv, app::SCENARIOS);
}
