/*
 * cmd_watch - profiled processes and their call stacks on a terminal, live
 *
 * One loop: draw, wait for a key or the next look, do it. Looking reads shared
 * memory, and names are found once for each address.
 */
#include "analyzer/commands/commands.h"

#include <curses.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/machine/clock.h"
#include "analyzer/symbols/symbol_cache.h"
#include "analyzer/watch/watch.h"
#include "analyzer/watch/watch_screen.h"

#define KEY_ESCAPE 27

struct asked {
	double interval;
};

static bool set_interval(void *to, const char *value)
{
	char *end;
	double seconds = strtod(value, &end);

	*(double *)to = seconds;
	return end != value && (!*end || strcmp(end, "s") == 0) && seconds >= 0.1 &&
	       seconds <= 3600;
}

/* The cursor stays on its site, wherever that is now. */
static void follow(struct watch *watch)
{
	for (size_t i = 0; watch->shows_sites && i < watch->sites.shown_count; i++)
		if (watch->sites.shown[i]->key == watch->chosen_key)
			watch->cursor = i;
	if (watch->cursor >= watch_rows(watch))
		watch->cursor = watch_rows(watch) ? watch_rows(watch) - 1 : 0;
}

static void choose(struct watch *watch, size_t cursor)
{
	size_t rows = watch_rows(watch);

	watch->cursor = cursor < rows ? cursor : rows ? rows - 1 : 0;
	if (watch->shows_sites)
		/* on the first row it stays at the top, whoever comes there */
		watch->chosen_key = watch->cursor > 0 && rows > 0
					    ? watch->sites.shown[watch->cursor]->key
					    : 0;
}

/* A process that ended is not looked at again: nothing changes any more. */
static void look(struct watch *watch)
{
	const struct profile *profile = watch->sites.target.profile;

	if (watch->shows_sites && profile && profile->life != SEGMENT_LIVE)
		return;
	if (watch->shows_sites) {
		if (watch_sites_look(&watch->sites, &watch->fault) == 0)
			*watch->fault.text = '\0';
	} else if (watch_processes_look(&watch->processes, &watch->fault) == 0) {
		*watch->fault.text = '\0';
	}
	follow(watch);
}

static void open_process(struct watch *watch, const char *path,
			 struct symbol_cache *cache)
{
	watch_sites_begin(&watch->sites, path, cache);
	watch->shows_sites = true;
	watch->cursor = watch->top = 0;
	watch->chosen_key = 0;
	*watch->filter = '\0';
	look(watch);
}

static void go_back(struct watch *watch)
{
	watch_sites_end(&watch->sites);
	watch->shows_sites = false;
	watch->cursor = watch->top = 0;
	look(watch);
}

static void order_by(struct watch *watch, int order)
{
	watch->sites.order = (enum watch_order)((order + WATCH_ORDERS) % WATCH_ORDERS);
	watch_sites_show(&watch->sites);
	choose(watch, 0);
}

/* The filter takes effect as it is typed. */
static void type(struct watch *watch, int key)
{
	size_t length = strlen(watch->filter);

	if (key == KEY_ESCAPE)
		*watch->filter = '\0';
	else if ((key == KEY_BACKSPACE || key == 127 || key == '\b') && length > 0)
		watch->filter[length - 1] = '\0';
	else if (key >= ' ' && key < 256 && length < sizeof(watch->filter) - 1)
		memcpy(watch->filter + length, (char[]){ (char)key, '\0' }, 2);
	watch->is_typing =
		key != KEY_ESCAPE && key != '\r' && key != '\n' && key != KEY_ENTER;
	watch->is_filter_wrong = !watch_sites_filter(&watch->sites, watch->filter);
	if (watch->is_filter_wrong && !watch->is_typing) {
		*watch->filter = '\0';
		watch_sites_filter(&watch->sites, "");
	}
	choose(watch, 0);
}

static bool move_key(struct watch *watch, int key)
{
	size_t page = watch_room() ? watch_room() : 1, rows = watch_rows(watch);

	if (key == KEY_UP || key == 'k')
		choose(watch, watch->cursor ? watch->cursor - 1 : 0);
	else if (key == KEY_DOWN || key == 'j')
		choose(watch, watch->cursor + 1);
	else if (key == KEY_PPAGE)
		choose(watch, watch->cursor > page ? watch->cursor - page : 0);
	else if (key == KEY_NPAGE)
		choose(watch, watch->cursor + page);
	else if (key == KEY_HOME)
		choose(watch, 0);
	else if (key == KEY_END)
		choose(watch, rows);
	else
		return false;
	return true;
}

static void site_key(struct watch *watch, int key)
{
	static const char orders[] = "lgrca";
	const char *order = key > 0 && key < 128 ? strchr(orders, key) : NULL;
	struct watch_sites *sites = &watch->sites;

	if (order)
		order_by(watch, (int)(order - orders));
	else if (key == '<' || key == '>')
		order_by(watch, (int)sites->order + (key == '>' ? 1 : -1));
	else if (key == '/')
		watch->is_typing = true;
	else if (key == 'm' || key == 'M')
		watch_sites_mark(sites, key == 'm');
	else if (key == KEY_ESCAPE || key == KEY_LEFT || key == KEY_BACKSPACE)
		go_back(watch);
	else if ((key == '\r' || key == '\n' || key == KEY_ENTER || key == ' ' ||
		  key == KEY_RIGHT) &&
		 watch->cursor < sites->shown_count)
		sites->shown[watch->cursor]->is_expanded ^= true;
	if (watch->shows_sites)
		follow(watch);
}

/* False: quit. */
static bool do_key(struct watch *watch, int key, struct symbol_cache *cache)
{
	bool opens = key == '\r' || key == '\n' || key == KEY_ENTER || key == ' ' ||
		     key == KEY_RIGHT;

	if (key == ERR || key == KEY_RESIZE)
		return true;
	if (watch->is_typing) {
		type(watch, key);
		return true;
	}
	if (watch->shows_help) {
		watch->shows_help = false;
		return true;
	}
	if (key == 'q' || key == 'Q')
		return false;
	if (key == '?' || key == 'h' || key == KEY_F(1))
		watch->shows_help = true;
	else if (key == 'p')
		watch->is_frozen = !watch->is_frozen;
	else if (move_key(watch, key))
		return true;
	else if (watch->shows_sites)
		site_key(watch, key);
	else if (opens && watch->cursor < watch->processes.count)
		open_process(watch, watch->processes.processes[watch->cursor].served.path,
			     cache);
	return true;
}

static void run_loop(struct watch *watch, const struct asked *asked,
		     struct symbol_cache *cache)
{
	int64_t every = (int64_t)(asked->interval * 1000), next = clock_ms() + every;
	bool goes_on = true;

	while (goes_on) {
		int64_t wait = next - clock_ms();

		watch_draw(watch);
		timeout(wait > 0 ? (int)wait : 0);
		goes_on = do_key(watch, getch(), cache);
		if (clock_ms() < next)
			continue;
		if (!watch->is_frozen && !watch->shows_help)
			look(watch);
		next = clock_ms() + every;
	}
}

static int watch_with(const struct asked *asked, const char *name, struct fault *fault)
{
	struct symbol_cache *cache = symbol_cache_new();
	struct watch watch = { 0 };
	struct target target;
	int r = name ? target_open(name, &target, fault) : 0;

	if (r == 0)
		r = watch_screen_begin(fault);
	if (r == 0) {
		if (name)
			open_process(&watch, target.path, cache);
		else
			look(&watch);
		run_loop(&watch, asked, cache);
		watch_screen_end();
		watch_sites_end(&watch.sites);
		watch_processes_done(&watch.processes);
	}
	symbol_cache_free(cache);
	return r;
}

static int run(const struct command *command, int argc, char **argv)
{
	struct asked asked = { .interval = 1 };
	const struct option_spec own[] = {
		{ "interval", 'i', "SECONDS", "time between two looks (1)", set_interval,
		  &asked.interval },
		{ NULL },
	};
	struct options options = { .command = command,
				   .tables = { own },
				   .arguments_max = 1 };
	struct fault fault;
	int first, status;

	if (!options_ready(&options, argc, argv, &first, &status))
		return status;
	unsetenv("DEBUGINFOD_URLS"); /* the screen must not wait for a network */
	return watch_with(&asked, first < argc ? argv[first] : NULL, &fault) < 0
		       ? fault_print(&fault)
		       : 0;
}

const struct command cmd_watch = {
	.name = "watch",
	.arguments = "[OPTION...] [TARGET]",
	.summary = "Watch processes and their call stacks on the terminal",
	.help = "Without a TARGET it lists the profiled processes; Enter opens one. Call "
		"stacks by\n"
		"live bytes, growth, allocation rate, blocks or age, with what they held "
		"lately;\n"
		"? explains the keys.",
	.run = run,
};
