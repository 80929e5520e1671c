// A program whose own functions allocate through containers and a wrapper: it keeps a
// session for each request, and throws away what it parsed for it. With an argument it
// gives everything back at its end.
#include <chrono>
#include <cstdlib>
#include <map>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#define REQUESTS 2000

static void *checked_malloc(size_t bytes)
{
	void *block = malloc(bytes);

	if (!block)
		abort();
	return block;
}

struct Session {
	std::string user;
	std::vector<int> history;
	void *note;
};

class SessionStore
{
      public:
	__attribute__((noinline)) void remember(int id)
	{
		Session &session = sessions[id];

		session.user = "a user with a name that is long, " + std::to_string(id);
		for (int i = 0; i < 20; i++)
			session.history.push_back(i);
		session.note = checked_malloc(100);
	}

	~SessionStore()
	{
		for (auto &[id, session] : sessions)
			free(session.note);
	}

      private:
	std::unordered_map<int, Session> sessions;
};

__attribute__((noinline)) static size_t parse(int id)
{
	std::vector<std::string> headers;

	for (int i = 0; i < 10; i++)
		headers.push_back("a header with a value that is long, " +
				  std::to_string(id));
	return headers.size();
}

__attribute__((noinline)) static void
load_settings(std::map<std::string, std::vector<double>> &settings)
{
	for (int i = 0; i < 100; i++)
		settings["a setting with a name that is long, " + std::to_string(i)] =
			std::vector<double>(32, i);
}

int main(int argc, char **)
{
	auto &settings = *new std::map<std::string, std::vector<double>>;
	auto &store = *new SessionStore; // kept: what it holds is in use at the end
	size_t headers = 0;

	load_settings(settings);
	for (int id = 0; id < REQUESTS; id++) {
		headers += parse(id);
		store.remember(id);
	}
	if (argc > 1) {
		std::this_thread::sleep_for(std::chrono::milliseconds(100));
		delete &store;
		delete &settings;
	}
	return headers != 10 * REQUESTS;
}
