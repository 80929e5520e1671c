/*
 * view_options - how to look at a profile; the same for every view
 *
 * The table of specs lives in the struct, because each spec points to the field
 * that it sets.
 */
#include "analyzer/views/view_options.h"

#include <stdlib.h>
#include <string.h>

#include "analyzer/console/units.h"

static bool set_sample(void *to, const char *value)
{
	return profile_sample_parse(value, &((struct view_options *)to)->sample);
}

static bool set_filter(struct view_options *options, enum view_filter filter,
		       const char *value)
{
	if (options->has[filter])
		regfree(&options->filter[filter]);
	options->has[filter] =
		regcomp(&options->filter[filter], value, REG_EXTENDED | REG_NOSUB) == 0;
	return options->has[filter];
}

static bool set_focus(void *to, const char *value)
{
	return set_filter(to, VIEW_FOCUS, value);
}

static bool set_ignore(void *to, const char *value)
{
	return set_filter(to, VIEW_IGNORE, value);
}

static bool set_hide(void *to, const char *value)
{
	return set_filter(to, VIEW_HIDE, value);
}

static bool set_show(void *to, const char *value)
{
	return set_filter(to, VIEW_SHOW, value);
}

static bool set_show_from(void *to, const char *value)
{
	return set_filter(to, VIEW_SHOW_FROM, value);
}

/* The peak is known exactly; other moments are looked for in the history. */
static bool set_at(void *to, const char *value)
{
	struct view_options *options = to;
	bool now = strcmp(value, "now") == 0;

	options->wants.at_peak = strcmp(value, "peak") == 0;
	options->at = options->wants.at_peak || now ? NULL : value;
	options->wants.history = options->at || options->since;
	return *value != '\0';
}

static bool set_since(void *to, const char *value)
{
	struct view_options *options = to;

	options->since = value;
	options->wants.history = true;
	return *value != '\0';
}

static bool set_unit(void *to, const char *value)
{
	struct view_options *options = to;
	uint64_t bytes;

	options->unit = strcmp(value, "auto") == 0 ? NULL : value;
	return !options->unit || units_size(value, &bytes);
}

static bool set_lines(void *to, const char *value)
{
	((struct view_options *)to)->granularity = VIEW_LINES;
	return true;
}

static bool set_functions(void *to, const char *value)
{
	((struct view_options *)to)->granularity = VIEW_FUNCTIONS;
	return true;
}

static bool set_modules(void *to, const char *value)
{
	((struct view_options *)to)->granularity = VIEW_MODULES;
	return true;
}

void view_options_init(struct view_options *options)
{
	const struct option_spec specs[] = {
		{ "sample", 0, "inuse_space|inuse_objects|alloc_space|alloc_objects",
		  "which figure to rank by", set_sample, options },
		{ "format", 0, "text|json", "how to print", option_set_json,
		  &options->json },
		{ "n", 'n', "COUNT", "so many rows (json: all)", option_set_count,
		  &options->rows },
		{ "focus", 0, "REGEX", "only stacks with a frame that matches", set_focus,
		  options },
		{ "ignore", 0, "REGEX", "no stacks with a frame that matches", set_ignore,
		  options },
		{ "hide", 0, "REGEX", "take matching frames out of the stacks", set_hide,
		  options },
		{ "show", 0, "REGEX", "take all other frames out of the stacks", set_show,
		  options },
		{ "show-from", 0, "REGEX",
		  "start stacks at the outermost frame that matches", set_show_from,
		  options },
		{ "functions", 0, NULL, "one row for each function (default)",
		  set_functions, options },
		{ "lines", 0, NULL, "one row for each source line", set_lines, options },
		{ "modules", 0, NULL, "one row for each program or library", set_modules,
		  options },
		{ "by-thread", 0, NULL,
		  "keep threads of different names apart, each as an outermost frame",
		  option_set_true, &options->wants.by_thread },
		{ "at", 0, "now|peak|TIME|MARK",
		  "what was in use then: 30s after the start, -5m before the end, "
		  "14:02:10",
		  set_at, options },
		{ "since", 0, "TIME|MARK",
		  "what was allocated since then, and by how much use grew", set_since,
		  options },
		{ "mmap", 0, NULL, "what mmap() did, instead of the heap",
		  option_set_true, &options->wants.mappings },
		{ "base", 0, "TARGET", "subtract another profile, function by function",
		  option_set_string, &options->base },
		{ "normalize", 0, NULL, "scale the base to the same total first",
		  option_set_true, &options->normalize },
		{ "unit", 0, "auto|B|KiB|MiB|GiB|kB|MB|GB", "print all sizes in one unit",
		  set_unit, options },
		{ "debuginfod", 0, NULL,
		  "fetch missing debug information from $DEBUGINFOD_URLS (or "
		  "HEAPRING_DEBUGINFOD=1)",
		  option_set_true, &options->debuginfod },
		{ NULL },
	};

	_Static_assert(sizeof(specs) <= sizeof(options->specs), "room for all");
	memset(options, 0, sizeof(*options));
	options->sample = PROFILE_INUSE_SPACE;
	options->rows = -1;
	memcpy(options->specs, specs, sizeof(specs));
}

static bool is_among(const char *name, const char *const *names)
{
	for (; *names; names++)
		if (strcmp(name, *names) == 0)
			return true;
	return false;
}

static void choose(struct view_options *options, const char *const *names, bool named)
{
	struct option_spec *to = options->specs;

	for (const struct option_spec *from = options->specs; from->name; from++)
		if (is_among(from->name, names) == named)
			*to++ = *from;
	*to = (struct option_spec){ 0 };
}

void view_options_keep(struct view_options *options, const char *const *names)
{
	choose(options, names, true);
}

void view_options_leave_out(struct view_options *options, const char *const *names)
{
	choose(options, names, false);
}

void view_options_done(struct view_options *options)
{
	for (int i = 0; i < VIEW_FILTERS; i++) {
		if (options->has[i])
			regfree(&options->filter[i]);
		options->has[i] = false;
	}
}
