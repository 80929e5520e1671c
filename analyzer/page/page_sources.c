/*
 * page_sources - the pieces of source files that a page shows
 *
 * Every place weighs the largest share it has of any of the four totals. Files are
 * taken by their heaviest place; of each, the lines around its places.
 */
#include "analyzer/page/page_sources.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/profile/report.h"
#include "analyzer/views/place_rows.h"

#define CONTEXT 7u           /* lines before and after */
#define BYTES_MAX (2u << 20) /* of text in one page */
#define FILES_MAX 500u       /* tried, found or not */
#define LOST_MAX 200u        /* told of those that are not found */
#define LINE_BYTES_MAX 400   /* of one line */
#define WEIGHT_MIN 0.0001    /* of a place: a share of a total */

struct line {
	const char *file; /* unique pointer */
	uint32_t line;
	double weight;      /* of its place */
	double file_weight; /* of the heaviest place in its file */
};

static bool has_source_ending(const char *name)
{
	static const char *const endings[] = {
		"c",   "h",     "cc",  "cpp", "cxx", "c++", "hh",  "hpp",  "hxx", "h++",
		"ipp", "inl",   "tcc", "m",   "mm",  "cu",  "rs",  "go",   "d",   "zig",
		"nim", "f",     "f90", "f95", "f03", "f08", "for", "ada",  "adb", "ads",
		"pas", "swift", "py",  "pyx", "js",  "mjs", "ts",  "java", "kt",  "scala",
		"rb",  "lua",   "pl",  "php", "y",   "l",   "yy",  "ll",   "def", "inc",
		"s",   "asm",   "ml",  "hs",  "cr",  "v",   "sx",
	};
	const char *dot = strrchr(name, '.');

	for (size_t i = 0; dot && i < sizeof(endings) / sizeof(endings[0]); i++)
		if (strcasecmp(dot + 1, endings[i]) == 0)
			return true;
	return false;
}

static double weight_of(const struct view_target *target, const struct place_row *row)
{
	double weight = 0;

	for (int s = 0; s < PROFILE_SAMPLES; s++) {
		double total = (double)target->profile->total[s];
		double cum = (double)row->cum[s] + (double)row->base_cum[s];

		/* what allocated itself matters more than what called it */
		double flat = (double)row->flat[s] + (double)row->base_flat[s];

		if (total > 0 && (cum + 3 * flat) / total > weight)
			weight = (cum + 3 * flat) / total;
	}
	return weight;
}

static int by_file(const void *a, const void *b)
{
	const struct line *x = a, *y = b;

	if (x->file != y->file)
		return x->file < y->file ? -1 : 1;
	return (x->line > y->line) - (x->line < y->line);
}

static int by_weight(const void *a, const void *b)
{
	const struct line *x = a, *y = b;
	int name;

	if (x->file_weight != y->file_weight)
		return x->file_weight < y->file_weight ? 1 : -1;
	name = strcmp(x->file, y->file);
	return name ? name : (x->line > y->line) - (x->line < y->line);
}

/* Lines with figures, those of the most important file first. */
static size_t collect(const struct view_target *target, const struct place_rows *rows,
		      struct line *lines)
{
	size_t count = 0;

	for (uint32_t i = 0; i < rows->count; i++) {
		const struct place *place =
			place_table_get(target->places, rows->rows[i].place);
		double weight = weight_of(target, &rows->rows[i]);

		if (place->file && place->line && weight >= WEIGHT_MIN &&
		    has_source_ending(place->file))
			lines[count++] =
				(struct line){ place->file, place->line, weight, weight };
	}
	qsort(lines, count, sizeof(*lines), by_file);
	for (size_t i = 0, first = 0; i < count; i++) {
		if (lines[i].file != lines[first].file)
			first = i;
		if (lines[i].weight > lines[first].file_weight)
			lines[first].file_weight = lines[i].weight;
		if (i + 1 == count || lines[i + 1].file != lines[first].file)
			for (size_t j = first; j <= i; j++)
				lines[j].file_weight = lines[first].file_weight;
	}
	qsort(lines, count, sizeof(*lines), by_weight);
	return count;
}

static json_t *piece(const struct source_file *source, uint32_t from, uint32_t to,
		     size_t *budget)
{
	char *text = NULL;
	size_t length = 0;
	FILE *stream = open_memstream(&text, &length);
	json_t *pair = NULL;

	if (!stream)
		return NULL;
	for (uint32_t line = from; line <= to; line++)
		fprintf(stream, "%.*s%s", LINE_BYTES_MAX, source_file_line(source, line),
			line < to ? "\n" : "");
	if (fclose(stream) == 0) {
		*budget -= length < *budget ? length : *budget;
		pair = json_pack("[i, o]", (int)from, report_json_text(text));
	}
	free(text);
	return pair;
}

static json_t *pieces(const struct source_file *source, const struct line *lines,
		      size_t count, size_t *budget)
{
	json_t *array = json_array();
	uint32_t next = 1;

	for (size_t i = 0; i<count && * budget> 0; i++) {
		uint32_t from = lines[i].line > CONTEXT ? lines[i].line - CONTEXT : 1;
		uint32_t to = lines[i].line + CONTEXT;

		if (lines[i].line > source->count)
			break;
		while (i + 1 < count && lines[i + 1].line <= to + CONTEXT)
			to = lines[++i].line + CONTEXT;
		if (to > source->count)
			to = source->count;
		if (from < next)
			from = next;
		if (from <= to)
			json_array_append_new(array, piece(source, from, to, budget));
		next = to + 1;
	}
	return array;
}

static json_t *found_source(const struct source_file *source, const struct line *lines,
			    size_t count, size_t *budget)
{
	return json_pack("{s:o, s:i, s:o}", "file", report_json_text(lines->file),
			 "lines", (int)source->count, "pieces",
			 pieces(source, lines, count, budget));
}

static json_t *lost_source(const char *file)
{
	return json_pack("{s:o, s:s}", "file", report_json_text(file), "advice",
			 source_file_advice(file));
}

static json_t *read_all(const struct source_paths *paths, const struct line *lines,
			size_t count)
{
	json_t *files = json_array(), *lost = json_array();
	size_t budget = BYTES_MAX;
	unsigned tried = 0;

	for (size_t first = 0, end; first < count && budget > 0 && tried < FILES_MAX;
	     first = end, tried++) {
		struct source_file source = { 0 };

		for (end = first + 1;
		     end < count && lines[end].file == lines[first].file;)
			end++;
		if (source_file_load(paths, lines[first].file, &source) == 0)
			json_array_append_new(files, found_source(&source, lines + first,
								  end - first, &budget));
		else if (json_array_size(lost) < LOST_MAX)
			json_array_append_new(lost, lost_source(lines[first].file));
		source_file_done(&source);
	}
	return json_pack("{s:o, s:o}", "sources", files, "lost_sources", lost);
}

json_t *page_sources(const struct view_target *target, const struct source_paths *paths,
		     struct fault *fault)
{
	struct place_rows rows;
	struct line *lines;
	json_t *files = NULL;

	if (place_rows_load(&target->set, target->places, target->options->sample,
			    /*by_cum=*/true, &rows, fault) < 0)
		return NULL;
	lines = calloc((size_t)rows.count + 1, sizeof(*lines));
	if (lines)
		files = read_all(paths, lines, collect(target, &rows, lines));
	free(lines);
	place_rows_done(&rows);
	return files;
}
