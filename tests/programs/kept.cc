// kept - blocks that something keeps: a queue, a vector, a cycle of references, a ring
//
// Usage: kept queue|vector|members|cycle|ring|visits SECONDS
//
// What is said of them is known by construction: `queue` and `vector` have a container
// that grows, `members` a small vector in each of the objects that are forgotten, `cycle`
// objects that own each other, `ring` blocks that live for a while and are replaced,
// `visits` blocks that are forgotten by a caller of a cache that is full.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <memory>
#include <string>
#include <thread>
#include <vector>

using Clock = std::chrono::steady_clock;

struct Job {
	int id;
	std::string text;
};

struct Peer;

struct Session {
	std::shared_ptr<Peer> peer;
	char buffer[300];
};

struct Peer {
	std::shared_ptr<Session> session;
};

struct Order {
	std::vector<int> lines;
	char note[100];
};

static void pause_ms(int ms)
{
	std::this_thread::sleep_for(std::chrono::milliseconds(ms));
}

__attribute__((noinline)) static Job *make_job(int id)
{
	return new Job{ id, "the content of the job with number " + std::to_string(id) };
}

/* Two come for each that goes. */
static std::deque<Job *> jobs;

__attribute__((noinline)) static void produce(int id)
{
	for (int i = 0; i < 6; i++)
		jobs.push_back(make_job(6 * id + i));
	for (int i = 0; i < 3; i++) {
		delete jobs.front();
		jobs.pop_front();
	}
}

static std::vector<Job *> all;

__attribute__((noinline)) static void collect(int id)
{
	for (int i = 0; i < 4; i++)
		all.push_back(make_job(4 * id + i));
}

static Order *volatile newest;

__attribute__((noinline)) static void take_order(int id)
{
	Order *order = new Order;

	order->lines.resize(10 + (size_t)id % 5);
	newest = order;
}

__attribute__((noinline)) static void open_session()
{
	auto session = std::make_shared<Session>();

	session->peer = std::make_shared<Peer>();
	session->peer->session = session;
}

static char *ring[200];

__attribute__((noinline)) static void replace(int id)
{
	for (int i = 0; i < 5; i++) {
		char *&at = ring[(5 * (size_t)id + (size_t)i) % 200];

		std::free(at);
		at = (char *)std::malloc(1000);
		std::memset(at, 1, 1000);
	}
}

static char *volatile last_visit;

__attribute__((noinline)) static void note_visit(int id)
{
	last_visit = (char *)std::malloc(40 + (size_t)id % 9);
}

/* Holds no block itself, whatever it is called. */
__attribute__((noinline)) static void look_into_cache(int id)
{
	static char entries[50][20];

	std::snprintf(entries[id % 50], sizeof(entries[0]), "entry %d", id);
	note_visit(id);
}

int main(int count, char **arguments)
{
	const std::string mode = count > 1 ? arguments[1] : "";
	const double seconds = count > 2 ? std::atof(arguments[2]) : 1;
	const auto end = Clock::now() + std::chrono::duration<double>(seconds);

	for (int i = 0; Clock::now() < end; i++, pause_ms(1)) {
		if (mode == "queue")
			produce(i);
		else if (mode == "vector")
			collect(i);
		else if (mode == "members")
			take_order(i);
		else if (mode == "cycle")
			open_session();
		else if (mode == "ring")
			replace(i);
		else if (mode == "visits")
			look_into_cache(i);
		else
			return 2;
	}
}
