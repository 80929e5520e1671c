/*
 * tree - append-only nodes and sites, found through a private index
 *
 * Shape. Nodes and sites live in segment pages; `node_pages` and `site_pages`
 * turn a number into an address. The index maps (parent, pc, module) to a node
 * with open addressing. It is a chain of tables, each four times as large as
 * the one before; new nodes go into the newest, and a full table is left as it
 * is, so that nothing ever moves and no reader can be in the way. All tables
 * are reserved at once and cost only the pages that are touched.
 *
 * Look-ups try the newest table first. They are rare: every thread has a small
 * cache of its own in front (thread.h).
 *
 * Ordering
 *   T1  a node is written, then its number is stored in the index with release
 *       -> tree_child() loads the slot with acquire and reads the node.
 *   Page pointers are published by segment_table_page() (its pair W1) and loaded
 *   with acquire.
 */
#include "preload/unwind/tree.h"

#include <stddef.h>

#include "preload/allocator/live_table.h"
#include "preload/platform/os_linux.h"
#include "preload/segment/segment_writer.h"
#include "preload/unwind/modules.h"

#define TABLES 6u
#define TABLES_SCARCE 5u               /* where address space is: 11 MiB instead of 44 */
#define TABLE_BITS(i) (12u + 2u * (i)) /* 4 Ki .. 4 Mi slots */
#define PROBES_MAX 256u
#define NODES_MAX (1u << 23)
#define NODE_PAGES (NODES_MAX / HR_NODES_PER_PAGE)
#define SITE_PAGES ((HR_SITE_MAX + 1u) / HR_SITES_PER_PAGE)

/* A slot: hash of the key in the high half, node in the low one; 0 free. */
struct index_table {
	uint64_t *slot;
	uint32_t filled;
};

static struct index_table tables[TABLES];
static uint32_t newest; /* number of the table that takes new nodes */
static uint32_t tables_made;
static struct heapring_node **node_pages;
static struct heapring_site **site_pages;
static uint32_t site_base;

static struct heapring_node *node_at(uint32_t id)
{
	struct heapring_node *page =
		__atomic_load_n(&node_pages[id / HR_NODES_PER_PAGE], __ATOMIC_ACQUIRE);

	return page + id % HR_NODES_PER_PAGE;
}

/* Takes the next number of a table whose count is *used, and makes its page. */
static uint32_t number_new(uint32_t *used, uint32_t max, void **pages, uint32_t per_page,
			   enum heapring_page_type type)
{
	uint32_t id = __atomic_load_n(used, __ATOMIC_RELAXED);

	if (id >= max)
		return 0;
	/* the page first: a number without a page would leave a hole for good */
	if (segment_table_page(pages, id / per_page, type) == NULL)
		return 0;
	id = __atomic_fetch_add(used, 1, __ATOMIC_RELAXED);
	if (id >= max || segment_table_page(pages, id / per_page, type) == NULL)
		return 0;
	return id;
}

static uint32_t node_new(uint32_t parent, uintptr_t pc, uint16_t module)
{
	uint32_t id = number_new(&segment.header->nodes_used, NODES_MAX,
				 (void **)node_pages, HR_NODES_PER_PAGE, HR_PAGE_NODES);
	struct heapring_node *node;

	if (id == 0)
		return 0;
	node = node_at(id);
	node->pc = pc;
	node->parent = parent;
	node->module = module;
	node->depth = (uint16_t)(parent < HR_NODE_FIRST ? 1 : node_at(parent)->depth + 1);
	__atomic_store_n(&node->ready, 1, __ATOMIC_RELEASE); /* S2 */
	return id;
}

static uint32_t hash(uint32_t parent, uintptr_t pc)
{
	uint64_t x = (pc ^ (uint64_t)parent << 32) * 0x9e3779b97f4a7c15ull;

	x ^= x >> 29;
	return (uint32_t)((x * 0xbf58476d1ce4e5b9ull) >> 32);
}

/* Is this node the frame pc under parent, in the object that is mapped there now? */
static bool is_child(uint32_t id, uint32_t parent, uintptr_t pc)
{
	const struct heapring_node *node = node_at(id);

	if (node->pc != pc || node->parent != parent)
		return false;
	/* before the first unload an address has always been the same object's */
	return modules_generation() == 1 || node->module == modules_find(pc - 1, NULL);
}

/*
 * The slot that holds the key (*ret_node is its node), or the free slot where it
 * belongs (0), or NULL: not here, and no room near.
 */
static uint64_t *find(const struct index_table *table, unsigned bits, uint32_t parent,
		      uintptr_t pc, uint32_t *ret_node)
{
	uint32_t mask = (1u << bits) - 1;
	uint32_t key = hash(parent, pc);

	for (uint32_t probe = 0; probe < PROBES_MAX; probe++) {
		uint64_t *slot = &table->slot[(key + probe) & mask];
		uint64_t word = __atomic_load_n(slot, __ATOMIC_ACQUIRE); /* T1 */

		*ret_node = (uint32_t)word;
		if (word == 0)
			return slot;
		if (word >> 32 == key && is_child((uint32_t)word, parent, pc))
			return slot;
	}
	*ret_node = 0;
	return NULL;
}

static uint32_t lookup(uint32_t last, uint32_t parent, uintptr_t pc)
{
	uint32_t id = 0;

	for (uint32_t i = last + 1; i-- > 0 && id == 0;)
		find(&tables[i], TABLE_BITS(i), parent, pc, &id);
	return id;
}

/* Enters a new node; when another thread was first, returns that one's node. */
static uint32_t enter(uint32_t id, uint32_t parent, uintptr_t pc)
{
	uint32_t last = __atomic_load_n(&newest, __ATOMIC_RELAXED);
	struct index_table *table = &tables[last];
	uint32_t bits = TABLE_BITS(last);
	uint64_t word = (uint64_t)hash(parent, pc) << 32 | id;
	uint64_t none;
	uint32_t found = 0;
	uint64_t *slot;

	if (__atomic_add_fetch(&table->filled, 1, __ATOMIC_RELAXED) > 5u << (bits - 3) &&
	    last + 1 < tables_made)
		__atomic_compare_exchange_n(&newest, &last, last + 1, false,
					    __ATOMIC_RELAXED, __ATOMIC_RELAXED);
	do {
		none = 0;
		slot = find(table, bits, parent, pc, &found);
		if (found != 0)
			return found;
		if (slot == NULL)
			return id; /* full: the node counts, but is made again next time
				    */
	} while (!__atomic_compare_exchange_n(slot, &none, word, false, __ATOMIC_RELEASE,
					      __ATOMIC_RELAXED)); /* T1 */
	return id;
}

uint32_t tree_child(uint32_t parent, uintptr_t pc)
{
	uint32_t id;

	if (parent == HR_END_OVERFLOW)
		return HR_END_OVERFLOW;
	id = lookup(__atomic_load_n(&newest, __ATOMIC_RELAXED), parent, pc);
	if (id != 0)
		return id;
	id = node_new(parent, pc, modules_find(pc - 1, NULL));
	return id == 0 ? HR_END_OVERFLOW : enter(id, parent, pc);
}

const struct heapring_node *tree_node(uint32_t node)
{
	return node_at(node);
}

static struct heapring_site *site_at(uint32_t site)
{
	struct heapring_site *page =
		__atomic_load_n(&site_pages[site / HR_SITES_PER_PAGE], __ATOMIC_ACQUIRE);

	return page == NULL ? NULL : page + site % HR_SITES_PER_PAGE;
}

static uint32_t site_new(uint32_t node, enum heapring_site_kind kind, uint64_t rate,
			 uint32_t other)
{
	uint32_t max = HR_SITE_MAX - site_base;
	uint32_t id = number_new(&segment.header->sites_used, max, (void **)site_pages,
				 HR_SITES_PER_PAGE, HR_PAGE_SITES);
	struct heapring_site *site;

	if (id == 0)
		return HR_SITE_OVERFLOW;
	site = site_at(id);
	site->node = node;
	site->rate = rate;
	site->kind = kind;
	site->other = other;
	site->first_ns = os_mono_ns();
	__atomic_store_n(&site->ready, 1, __ATOMIC_RELEASE); /* S2 */
	return id;
}

uint32_t tree_site(uint32_t node, enum heapring_site_kind kind, uint64_t rate)
{
	struct heapring_node *record;
	uint32_t newest_site, site;

	if (node == HR_END_OVERFLOW)
		return HR_SITE_OVERFLOW;
	record = node_at(node);
	/* acquire: the site's record was written before its number (S2) */
	newest_site = __atomic_load_n(&record->site, __ATOMIC_ACQUIRE);
	for (site = newest_site; site != 0; site = site_at(site)->other)
		if (site_at(site)->rate == rate && site_at(site)->kind == kind)
			return site;
	site = site_new(node, kind, rate, newest_site);
	if (site != HR_SITE_OVERFLOW)
		__atomic_store_n(&record->site, site, __ATOMIC_RELEASE);
	return site;
}

uint32_t tree_site_base(void)
{
	return site_base;
}

uint32_t tree_sites(void)
{
	return __atomic_load_n(&segment.header->sites_used, __ATOMIC_RELAXED);
}

const struct heapring_site *tree_site_record(uint32_t site)
{
	return site < tree_sites() ? site_at(site) : NULL;
}

static bool reserve_index(void)
{
	size_t slots = 0;
	uint64_t *slot;

	tables_made = live_tables[0].flat != NULL ? TABLES : TABLES_SCARCE;
	for (uint32_t i = 0; i < tables_made; i++)
		slots += (size_t)1 << TABLE_BITS(i);
	slot = os_reserve(slots * sizeof *slot, true);
	node_pages = os_reserve(NODE_PAGES * sizeof *node_pages, true);
	site_pages = os_reserve(SITE_PAGES * sizeof *site_pages, true);
	if (slot == NULL || node_pages == NULL || site_pages == NULL)
		return false;
	for (uint32_t i = 0; i < tables_made; i++) {
		tables[i].slot = slot;
		slot += (size_t)1 << TABLE_BITS(i);
	}
	return true;
}

static bool reserved_nodes(void)
{
	struct heapring_node *page =
		segment_table_page((void **)node_pages, 0, HR_PAGE_NODES);

	if (page == NULL)
		return false;
	for (uint32_t i = 1; i < HR_NODE_FIRST; i++)
		page[i].ready = 1;
	segment.header->nodes_used = HR_NODE_FIRST;
	return true;
}

bool tree_init(uint32_t base)
{
	struct heapring_site *page;

	site_base = base;
	newest = 0;
	for (uint32_t i = 0; i < TABLES; i++)
		tables[i].filled = 0;
	/* in a fork child the reservations are there, wiped by the kernel */
	if (node_pages == NULL && !reserve_index())
		return false;
	page = segment_table_page((void **)site_pages, 0, HR_PAGE_SITES);
	if (page == NULL || !reserved_nodes())
		return false;
	page[HR_SITE_OVERFLOW] =
		(struct heapring_site){ .node = HR_END_OVERFLOW, .ready = 1, .rate = 1 };
	segment.header->sites_used = HR_SITE_FIRST;
	return true;
}
