// A small program of real shape, to be built twice: as it was, and with a regression
// (-DREGRESSION: the index keeps every key twice) among harmless changes (other
// functions in between, so that nothing is at its old address).
#include <cstdio>
#include <map>
#include <string>
#include <vector>

#ifdef REGRESSION
// padding: code that the first build does not have
static int twice(int n)
{
	std::vector<int> numbers;

	for (int i = 0; i < n; i++)
		numbers.push_back(i * n);
	return (int)numbers.size();
}
#endif

struct Record {
	std::string key;
	std::vector<double> values;
};

class Warehouse
{
      public:
	void insert(const std::string &key, size_t row)
	{
		rows[key].push_back(row);
#ifdef REGRESSION
		shadow.push_back(key + " (kept for later)");
#endif
	}

      private:
	std::map<std::string, std::vector<size_t>> rows;
	std::vector<std::string> shadow;
};

class Store
{
      public:
	void load(int count)
	{
		for (int i = 0; i < count; i++) {
			char key[64];

			snprintf(key, sizeof(key), "a key that is not short, number %d",
				 i);
			records.push_back({ key, std::vector<double>(8, i) });
			index.insert(key, records.size() - 1);
		}
	}

	size_t size() const
	{
		return records.size();
	}

      private:
	std::vector<Record> records;
	Warehouse index;
};

int main()
{
	Store &store = *new Store; // never deleted: what it holds is in use at the end

#ifdef REGRESSION
	printf("%d\n", twice(100));
#endif
	store.load(5000);
	printf("%zu\n", store.size());
	return 0;
}
