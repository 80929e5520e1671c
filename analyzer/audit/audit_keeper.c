/*
 * audit_keeper - what keeps the blocks that stay, by the names of other stacks
 *
 * A queue that its reader cannot empty has two sites that grow: what is put in, and the
 * queue's own room. The first is larger and gets the blame; the second says why it stays.
 */
#include "analyzer/audit/audit_keeper.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "analyzer/audit/audit_stack_text.h"

#define ENTRIES_A_BLOCK 4.0 /* of a container that keeps many: at least */
#define ONE_BLOCK_EACH 16.0 /* containers that may share what is kept */
#define TOLERANCE 1.1       /* a node for each of the blocks */
#define GROWN_SHARE 0.5     /* of the container's bytes came while it was watched */

static const struct {
	const char *head, *name; /* name NULL: as in the function's */
	bool is_chain, is_one_block;
} containers[] = {
	{ "std::deque<", NULL, false, false },
	{ "std::vector<", NULL, false, true },
	{ "std::list<", NULL, true, false },
	{ "std::forward_list<", NULL, true, false },
	{ "std::map<", NULL, true, false },
	{ "std::multimap<", NULL, true, false },
	{ "std::set<", NULL, true, false },
	{ "std::multiset<", NULL, true, false },
	{ "std::unordered_map<", NULL, true, false },
	{ "std::unordered_multimap<", NULL, true, false },
	{ "std::unordered_set<", NULL, true, false },
	{ "std::queue<", NULL, false, false },
	{ "std::priority_queue<", NULL, false, true },
	{ "std::_Deque_base<", "std::deque", false, false },
	{ "std::_Vector_base<", "std::vector", false, true },
	{ "std::_List_base<", "std::list", true, false },
	{ "std::_Rb_tree<", "std::map or std::set", true, false },
	{ "std::_Hashtable<", "std::unordered_map or std::unordered_set", true, false },
	{ "alloc::collections::vec_deque::VecDeque<", "VecDeque", false, true },
	{ "alloc::vec::Vec<", "Vec", false, true },
	{ "alloc::collections::btree::map::BTreeMap<", "BTreeMap", false, false },
	{ "alloc::collections::linked_list::LinkedList<", "LinkedList", true, false },
	{ "std::collections::hash::map::HashMap<", "HashMap", false, true },
	{ "hashbrown::", "HashMap or HashSet", false, true },
	{ "g_async_queue_", "GAsyncQueue", true, false },
	{ "g_queue_", "GQueue", true, false },
	{ "g_list_", "GList", true, false },
	{ "g_slist_", "GSList", true, false },
	{ "g_hash_table_", "GHashTable", false, true },
	{ "g_ptr_array_", "GPtrArray", false, true },
	{ "g_array_", "GArray", false, true },
};

static const struct audit_reference references[] = {
	{ "std::make_shared<", "std::shared_ptr", "std::weak_ptr" },
	{ "std::allocate_shared<", "std::shared_ptr", "std::weak_ptr" },
	{ "std::_Sp_counted", "std::shared_ptr", "std::weak_ptr" },
	{ "std::__shared_count<", "std::shared_ptr", "std::weak_ptr" },
	{ "alloc::rc::Rc<", "Rc", "Weak" },
	{ "alloc::sync::Arc<", "Arc", "Weak" },
};

/* Behind a return type, whose arguments may have blanks. */
static const char *without_type(const char *function)
{
	size_t depth = 0;

	for (const char *c = function; *c && *c != '('; c++) {
		if (*c == ' ' && depth == 0)
			return c + 1;
		if (*c == '<')
			depth++;
		else if (*c == '>' && depth > 0)
			depth--;
	}
	return function;
}

/* Where the name begins so, NULL: it does not. Rust has `<T>::new`. */
static const char *begins(const char *function, const char *head)
{
	const char *names[] = { function, without_type(function) };

	for (size_t i = 0; i < 2; i++) {
		const char *name = names[i] + (*names[i] == '<');

		if (strncmp(name, head, strlen(head)) == 0)
			return name;
	}
	return NULL;
}

static bool is_default(const char *argument)
{
	static const char *const defaults[] = { "std::allocator<", "std::less<",
						"std::hash<", "std::equal_to<" };

	argument += strspn(argument, ", ");
	for (size_t i = 0; i < sizeof(defaults) / sizeof(defaults[0]); i++)
		if (strncmp(argument, defaults[i], strlen(defaults[i])) == 0)
			return true;
	return false;
}

/* `std::deque<Job*, std::allocator<Job*> >::push_back` is a std::deque<Job*>. */
static void shorten(const char *function, char *name)
{
	size_t at = 0, depth = 0;

	for (; function[at] && at + 2 < AUDIT_CONTAINER_NAME; at++) {
		char c = function[at];

		if ((depth == 1 && c == '>') ||
		    (depth == 1 && c == ',' && is_default(function + at))) {
			snprintf(name, AUDIT_CONTAINER_NAME, "%.*s>", (int)at, function);
			return;
		}
		depth += (c == '<') - (size_t)(c == '>');
	}
	snprintf(name, AUDIT_CONTAINER_NAME, "%.*s<...>", (int)strcspn(function, "<"),
		 function);
}

bool audit_container_of_name(const char *function, struct audit_container *ret)
{
	for (size_t i = 0; i < sizeof(containers) / sizeof(containers[0]); i++) {
		const char *name = begins(function, containers[i].head);

		if (!name)
			continue;
		*ret = (struct audit_container){ .is_chain = containers[i].is_chain,
						 .is_one_block =
							 containers[i].is_one_block };
		if (containers[i].name)
			snprintf(ret->name, sizeof(ret->name), "%s", containers[i].name);
		else
			shorten(name, ret->name);
		return true;
	}
	return false;
}

const struct audit_reference *audit_reference_of_name(const char *function)
{
	for (size_t i = 0; i < sizeof(references) / sizeof(references[0]); i++)
		if (begins(function, references[i].head))
			return &references[i];
	return NULL;
}

static bool is_same(const struct symbol *a, const struct symbol *b)
{
	return a && b && symbol_is_same_function(a, b);
}

/* What lies on a stack, inside and outside of the function to blame for it. */
struct look {
	const struct symbol *function; /* the one to blame */
	const struct symbol *searched; /* is it there, as a caller? */
	const struct symbol *call, *caller;
	bool has_searched;
	struct audit_container container; /* the outermost inside of it */
	const struct audit_reference *reference;
};

static void look_at_frame(void *arg, const struct symbol *symbol, const char *text)
{
	struct look *look = arg;
	const struct audit_reference *reference;

	(void)text;
	if (is_same(symbol, look->searched))
		look->has_searched = true;
	if (look->call) {
		if (!look->caller && !culprit_is_runtime(symbol) &&
		    !is_same(symbol, look->function))
			look->caller = symbol;
	} else if (is_same(symbol, look->function)) {
		look->call = symbol;
	} else {
		audit_container_of_name(symbol->function, &look->container);
		reference = audit_reference_of_name(symbol->function);
		look->reference = reference ? reference : look->reference;
	}
}

static struct look look_at(const struct audit_facts *facts, size_t stack,
			   const struct symbol *function, const struct symbol *searched)
{
	struct look look = { .function = function, .searched = searched };

	if (function)
		audit_stack_each(facts->profile, facts->symbols, stack, look_at_frame,
				 &look);
	return look;
}

static bool grew(const struct audit_function *function, const struct audit_stack *stack)
{
	bool one_block = stack->live_objects < 2; /* made larger by realloc or anew */

	return stack->growth_bytes > 0 &&
	       stack->growth_bytes >= GROWN_SHARE * stack->live_bytes &&
	       (function->grows || one_block);
}

/* Not one container in each of the blocks. One that is a single block (a vector) is
 * there a few times at most; where it is as often as things are made it is a part of
 * each. */
static bool can_keep(const struct look *look, bool is_same_function, double entries,
		     double blocks)
{
	if (look->container.is_one_block)
		return blocks <= ONE_BLOCK_EACH && blocks * ENTRIES_A_BLOCK <= entries;
	if (blocks * ENTRIES_A_BLOCK <= entries)
		return true;
	return look->container.is_chain && !is_same_function &&
	       blocks <= TOLERANCE * entries;
}

/* Does the i-th stack's function stand where the one that is blamed is called? */
static bool is_near(const struct audit_facts *facts, const struct look *blamed,
		    size_t stack, size_t other, const struct audit_function *function)
{
	struct look outside;

	if (is_same(function->symbol, blamed->function))
		return true;
	outside = look_at(facts, stack, blamed->function, function->symbol);
	if (outside.has_searched)
		return true;
	return blamed->caller &&
	       look_at(facts, other, function->symbol, blamed->caller).has_searched;
}

bool audit_container_find(const struct audit_facts *facts,
			  const struct audit_function *function, size_t stack,
			  struct audit_container *ret)
{
	struct look blamed = look_at(facts, stack, function->symbol, NULL);
	double most = 0;

	for (size_t i = 0; blamed.call && i < facts->profile->stacks_count; i++) {
		const struct audit_stack *it = &facts->stacks[i];
		const struct audit_function *other = &facts->functions[it->function];
		struct look look;

		if (i == stack || !grew(other, it) || it->growth_bytes <= most)
			continue;
		look = look_at(facts, i, other->symbol, NULL);
		if (!look.call || !*look.container.name ||
		    !can_keep(&look, other == function, facts->stacks[stack].live_objects,
			      it->live_objects) ||
		    !is_near(facts, &blamed, stack, i, other))
			continue;
		most = it->growth_bytes;
		*ret = look.container;
		ret->in = look.call;
	}
	return most > 0;
}

static bool is_alike(double a, double b)
{
	return fmax(a, b) <= TOLERANCE * fmin(a, b);
}

const struct audit_reference *audit_reference_find(const struct audit_facts *facts,
						   const struct audit_function *function,
						   size_t stack)
{
	struct look look = look_at(facts, stack, function->symbol, NULL);

	for (size_t i = 0; !look.reference && i < facts->profile->stacks_count; i++)
		if (&facts->functions[facts->stacks[i].function] == function &&
		    facts->stacks[i].growth_bytes > 0 &&
		    is_alike(facts->stacks[i].live_objects,
			     facts->stacks[stack].live_objects))
			look = look_at(facts, i, function->symbol, NULL);
	return look.call ? look.reference : NULL;
}
