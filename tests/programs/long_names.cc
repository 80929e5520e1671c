// Functions whose names no terminal has room for: containers of containers, a lambda.
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace warehouse::detail
{
template <class Key, class Value> struct Catalogue {
	std::map<Key, std::vector<std::pair<Key, Value>>> shelves;

	__attribute__((noinline)) void put(const Key &key, const Value &value)
	{
		shelves[key].emplace_back(key, value);
	}
};
} // namespace warehouse::detail

int main()
{
	using Stock =
		warehouse::detail::Catalogue<std::string, std::map<int, std::string>>;
	auto *stock = new Stock;
	std::function<void(int)> fill = [stock](int i) {
		stock->put("shelf number " + std::to_string(i),
			   { { i, "what lies on it, in words" } });
	};

	for (int i = 0; i < 300; i++)
		fill(i);
	return 0;
}
