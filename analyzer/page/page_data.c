/*
 * page_data - a profile as the page reads it: JSON in columns
 *
 * The call tree is walked in preorder; places, functions and texts are numbered as
 * they are met, so whatever no stack goes through is not written, and numbers that
 * follow one another are close to one another.
 */
#include "analyzer/page/page_data.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <uthash.h>

#include "analyzer/console/text.h"
#include "analyzer/page/json_columns.h"
#include "analyzer/page/page_fold.h"
#include "analyzer/page/page_history.h"
#include "analyzer/page/page_sources.h"
#include "analyzer/page/page_verdict.h"
#include "analyzer/resident/rss_json.h"
#include "analyzer/views/call_tree.h"

#define NONE UINT32_MAX
#define RSS_BLOCKS_MAX 2000000u

struct text {
	const char *text; /* unique pointer */
	uint32_t number;
	UT_hash_handle hh;
};

struct function_key {
	const char *name, *same_module;
};

struct function {
	struct function_key key;
	const char *module, *file;
	uint32_t line, number;
	UT_hash_handle hh;
};

struct building {
	const struct view_target *target;
	struct call_tree_fold fold; /* without an order: none */
	struct call_tree tree;
	uint32_t *order;               /* nodes in preorder */
	uint32_t *number_of;           /* by place of the table; NONE: on no stack */
	uint32_t *places;              /* of the table, as they are met */
	struct function **function_of; /* beside places */
	uint32_t places_count, functions_count;
	struct function *functions;
	struct text *texts;
};

static int number_text(struct building *building, const char *text)
{
	struct text *entry;

	if (!text)
		return 0;
	HASH_FIND_PTR(building->texts, &text, entry);
	if (entry)
		return 0;
	entry = calloc(1, sizeof(*entry));
	if (!entry)
		return -ENOMEM;
	entry->text = text;
	entry->number = HASH_COUNT(building->texts);
	HASH_ADD_PTR(building->texts, text, entry);
	return 0;
}

static int64_t text_number(const struct building *building, const char *text)
{
	struct text *entry = NULL;

	if (text)
		HASH_FIND_PTR(building->texts, &text, entry);
	return entry ? (int64_t)entry->number : -1;
}

/* As place_table does for functions: file and line are the first known ones. */
static struct function *find_function(struct building *building,
				      const struct place *place)
{
	struct function_key key = { place->function, place->same_module };
	struct function *function;

	HASH_FIND(hh, building->functions, &key, sizeof(key), function);
	if (!function) {
		function = calloc(1, sizeof(*function));
		if (!function)
			return NULL;
		function->key = key;
		function->module = place->module;
		function->number = building->functions_count++;
		HASH_ADD(hh, building->functions, key, sizeof(key), function);
	}
	if (!function->file) {
		function->file = place->file;
		function->line = place->start_line;
	}
	return function;
}

static int number_place(struct building *building, uint32_t at)
{
	const struct place *place = place_table_get(building->target->places, at);

	if (building->number_of[at] != NONE)
		return 0;
	building->number_of[at] = building->places_count;
	building->places[building->places_count] = at;
	building->function_of[building->places_count] = find_function(building, place);
	return building->function_of[building->places_count++] &&
			       number_text(building, place->function) == 0 &&
			       number_text(building, place->module) == 0 &&
			       number_text(building, place->file) == 0
		       ? 0
		       : -ENOMEM;
}

static int walk(struct building *building)
{
	const struct call_tree *tree = &building->tree;
	uint32_t at = 0, count = 0;

	while ((at = call_tree_next(tree, at, /*inside=*/true)) != 0) {
		building->order[count++] = at;
		if (number_place(building, tree->nodes[at].place) < 0)
			return -ENOMEM;
	}
	return 0;
}

static int build_tree(struct building *building, const struct page_options *page,
		      struct fault *fault)
{
	const struct view_target *target = building->target;
	int r = page_fold_load(target, (size_t)page->stacks, &building->fold);

	if (r < 0)
		return fault_set(fault, FAULT_INPUT, r, "out of memory for the page");
	return call_tree_load(&target->set, target->options->sample,
			      building->fold.order ? &building->fold : NULL,
			      &building->tree, fault);
}

static int build(struct building *building, const struct page_options *page,
		 struct fault *fault)
{
	int r = build_tree(building, page, fault);
	size_t places = place_table_count(building->target->places);

	if (r < 0)
		return r;
	building->order = calloc(building->tree.count, sizeof(*building->order));
	building->number_of = malloc((places + 1) * sizeof(*building->number_of));
	building->places = calloc(places + 1, sizeof(*building->places));
	building->function_of = calloc(places + 1, sizeof(struct function *));
	if (building->order && building->number_of && building->places &&
	    building->function_of) {
		memset(building->number_of, 0xff,
		       (places + 1) * sizeof(*building->number_of));
		r = walk(building);
	} else {
		r = -ENOMEM;
	}
	return r == 0 ? 0
		      : fault_set(fault, FAULT_INPUT, r, "out of memory for the page");
}

static void done(struct building *building)
{
	struct function *function, *next_function;
	struct text *text, *next_text;

	HASH_ITER(hh, building->functions, function, next_function)
	{
		HASH_DEL(building->functions, function);
		free(function);
	}
	HASH_ITER(hh, building->texts, text, next_text)
	{
		HASH_DEL(building->texts, text);
		free(text);
	}
	free(building->order);
	free(building->number_of);
	free(building->places);
	free(building->function_of);
	call_tree_done(&building->tree);
	page_fold_done(&building->fold);
}

static void put_functions(struct building *building, struct json_columns *to)
{
	struct function *function, *next;

	json_columns_open(to, "functions");
	json_columns_begin(to, "name");
	HASH_ITER(hh, building->functions, function, next)
	json_columns_add(to, text_number(building, function->key.name));
	json_columns_end(to);
	json_columns_begin(to, "module");
	HASH_ITER(hh, building->functions, function, next)
	json_columns_add(to, text_number(building, function->module));
	json_columns_end(to);
	json_columns_begin(to, "file");
	HASH_ITER(hh, building->functions, function, next)
	json_columns_add(to, text_number(building, function->file));
	json_columns_end(to);
	json_columns_begin(to, "line");
	HASH_ITER(hh, building->functions, function, next)
	json_columns_add(to, function->line);
	json_columns_end(to);
	json_columns_close(to);
}

static const struct place *place_at(const struct building *building, uint32_t number)
{
	return place_table_get(building->target->places, building->places[number]);
}

static void put_places(struct building *building, struct json_columns *to)
{
	json_columns_open(to, "places");
	json_columns_begin(to, "function");
	for (uint32_t i = 0; i < building->places_count; i++)
		json_columns_add(to, building->function_of[i]->number);
	json_columns_end(to);
	json_columns_begin(to, "file");
	for (uint32_t i = 0; i < building->places_count; i++)
		json_columns_add(to, text_number(building, place_at(building, i)->file));
	json_columns_end(to);
	json_columns_begin(to, "line");
	for (uint32_t i = 0; i < building->places_count; i++)
		json_columns_add(to, place_at(building, i)->line);
	json_columns_end(to);
	json_columns_close(to);
}

static void put_nodes(const struct building *building, struct json_columns *to)
{
	const struct call_node *nodes = building->tree.nodes;

	json_columns_open(to, "nodes");
	json_columns_begin(to, "depth");
	for (uint32_t i = 0; i + 1 < building->tree.count; i++)
		json_columns_add(to, nodes[building->order[i]].depth);
	json_columns_end(to);
	json_columns_begin(to, "place");
	for (uint32_t i = 0; i + 1 < building->tree.count; i++)
		json_columns_add(to,
				 building->number_of[nodes[building->order[i]].place]);
	json_columns_end(to);
	json_columns_close(to);
}

static bool has_stack(const struct call_node *node)
{
	for (int s = 0; s < PROFILE_SAMPLES; s++)
		if (node->flat[s] || node->base_flat[s])
			return true;
	return false;
}

enum figure {
	OWN,
	BASE,
	VARIANCE,
};

/* The frames between a stack's innermost one and its culprit, beside put_figures(). */
static int put_culprits(const struct building *building, struct json_columns *to)
{
	const struct stack_set *set = &building->target->set;
	uint32_t *culprit = calloc(building->tree.count, sizeof(*culprit));

	if (!culprit)
		return -ENOMEM;
	for (size_t i = 0; i < set->count; i++)
		if (!page_fold_has(&building->fold, &building->tree, i))
			culprit[building->tree.node_of[i]] = set->entries[i].culprit;
	json_columns_begin(to, "culprit");
	for (uint32_t i = 0; i + 1 < building->tree.count; i++)
		if (has_stack(&building->tree.nodes[building->order[i]]))
			json_columns_add(to, culprit[building->order[i]]);
	json_columns_end(to);
	free(culprit);
	return 0;
}

/* One column for each sample type, in the order of the nodes that have figures. */
static void put_figures(const struct building *building, struct json_columns *to,
			enum figure figure)
{
	for (int s = 0; s < PROFILE_SAMPLES; s++) {
		json_columns_begin(to, profile_sample_name((enum profile_sample)s));
		for (uint32_t i = 0; i + 1 < building->tree.count; i++) {
			const struct call_node *node =
				&building->tree.nodes[building->order[i]];

			if (!has_stack(node))
				continue;
			if (figure == OWN)
				json_columns_add(to, node->flat[s] + node->base_flat[s]);
			else if (figure == BASE)
				json_columns_add(to, node->base_flat[s]);
			else
				json_columns_add_real(to, node->variance[s]);
		}
		json_columns_end(to);
	}
}

static int put_stacks(const struct building *building, struct json_columns *to)
{
	int64_t before = -1;
	int r;

	json_columns_open(to, "stacks");
	json_columns_begin(to, "node");
	for (uint32_t i = 0; i + 1 < building->tree.count; i++)
		if (has_stack(&building->tree.nodes[building->order[i]])) {
			json_columns_add(to, (int64_t)i - before);
			before = i;
		}
	json_columns_end(to);
	r = put_culprits(building, to);
	put_figures(building, to, OWN);
	json_columns_close(to);
	if (building->target->base) {
		json_columns_open(to, "base_stacks");
		put_figures(building, to, BASE);
		json_columns_close(to);
	}
	if (building->target->set.has_variance) {
		json_columns_open(to, "variance");
		put_figures(building, to, VARIANCE);
		json_columns_close(to);
	}
	return r;
}

static void put_texts(const struct building *building, struct json_columns *to)
{
	struct text *text, *next;

	json_columns_begin(to, "texts");
	HASH_ITER(hh, building->texts, text, next)
	json_columns_add_text(to, text->text);
	json_columns_end(to);
}

static json_t *own_total(const struct profile *profile)
{
	json_t *total = json_object();

	for (int s = 0; s < PROFILE_SAMPLES; s++)
		json_object_set_new(total, profile_sample_name((enum profile_sample)s),
				    json_integer((json_int_t)profile->total[s]));
	return total;
}

static json_t *warnings(const struct view_target *target)
{
	json_t *array = json_array();
	const char *warning;

	for (unsigned i = 0; (warning = symbols_warning(target->symbols, i)); i++)
		json_array_append_new(array, report_json_text(warning));
	return array;
}

/* Of a process that lives; not of one whose blocks take seconds to go through. */
static json_t *resident(const struct profile *profile)
{
	struct fault ignored;
	json_t *object;
	struct rss rss;

	if (profile->total[PROFILE_INUSE_OBJECTS] > RSS_BLOCKS_MAX ||
	    rss_read(profile, &rss, &ignored) < 0)
		return NULL;
	object = rss_json(&rss, profile->segment->header.pid);
	rss_done(&rss);
	return object;
}

/* A page may be sent elsewhere: where the file lay is nobody's business. */
/* What a command needs that shall find the same files. */
static void put_source_options(json_t *keys, const struct source_paths *sources)
{
	if (sources->search)
		json_object_set_new(keys, "source_path",
				    report_json_text(sources->search));
	if (sources->trim)
		json_object_set_new(keys, "trim_path", report_json_text(sources->trim));
}

static json_t *small_keys(const struct building *building,
			  const struct page_options *page, struct fault *fault)
{
	const struct view_target *target = building->target;
	static const char *const levels[] = { [VIEW_FUNCTIONS] = "functions",
					      [VIEW_LINES] = "lines",
					      [VIEW_MODULES] = "modules" };
	json_t *keys = view_json(target, page->only_flame ? "flame" : "page");
	const char *name = page->target ? text_base(page->target) : NULL;
	json_t *verdict = page->only_flame ? NULL : page_verdict(target, name);
	json_t *rss = page->only_flame ? NULL : resident(target->profile);
	json_t *folded = page_fold_json(&building->fold, &target->set, &building->tree);

	json_object_set_new(keys, "level", json_string(levels[page->level]));
	if (name && !page->only_flame)
		json_object_set_new(keys, "target", report_json_text(name));
	json_object_set_new(keys, "own_total", own_total(target->profile));
	json_object_set_new(keys, "warnings", warnings(target));
	if (folded)
		json_object_set_new(keys, "folded", folded);
	if (verdict)
		json_object_set_new(keys, "verdict", verdict);
	if (rss)
		json_object_set_new(keys, "rss", rss);
	if (!page->no_sources)
		json_object_update_new(keys, page_sources(target, &page->sources, fault));
	put_source_options(keys, &page->sources);
	return keys;
}

/* The stacks that the entries of the set became, in the order of put_stacks(). */
static int put_history(const struct building *building, struct json_columns *to)
{
	const struct stack_set *set = &building->target->set;
	uint32_t *of_node = malloc(building->tree.count * sizeof(*of_node));
	uint32_t *stack_of = malloc((set->count + 1) * sizeof(*stack_of));
	uint32_t number = 0;
	int r = -ENOMEM;

	if (of_node && stack_of) {
		for (uint32_t i = 0; i + 1 < building->tree.count; i++) {
			uint32_t at = building->order[i];

			of_node[at] = has_stack(&building->tree.nodes[at])
					      ? number++
					      : PAGE_HISTORY_NONE;
		}
		for (size_t i = 0; i < set->count; i++)
			stack_of[i] = page_fold_has(&building->fold, &building->tree, i)
					      ? PAGE_HISTORY_NONE
					      : of_node[building->tree.node_of[i]];
		r = page_history_write(building->target, stack_of, to);
	}
	free(of_node);
	free(stack_of);
	return r;
}

int page_data_write(const struct view_target *target, const struct page_options *page,
		    FILE *to, struct fault *fault)
{
	struct building building = { .target = target };
	struct json_columns columns = { .to = to };
	int r = build(&building, page, fault);

	if (r == 0) {
		json_columns_open(&columns, NULL);
		r = json_columns_put(&columns, small_keys(&building, page, fault));
		put_texts(&building, &columns);
		put_functions(&building, &columns);
		put_places(&building, &columns);
		put_nodes(&building, &columns);
		if (r == 0)
			r = put_stacks(&building, &columns);
		if (r == 0 && !page->only_flame)
			r = put_history(&building, &columns);
		json_columns_close(&columns);
		if (r < 0)
			fault_set(fault, FAULT_INPUT, r, "out of memory for the page");
	}
	done(&building);
	return r;
}
