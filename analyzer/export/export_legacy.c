/*
 * export_legacy - the text format of gperftools' heap profiler
 *
 * jeprof, gperftools' pprof and `go tool pprof` read it, and people do: it is what
 * Go prints for ?debug=1. Each stack is a line of figures and addresses, and lines
 * that begin with # name them, which programs skip.
 *
 * Addresses are return addresses, as readers expect, who subtract one. The figures
 * are final, which the name "heapprofile" says; a sampled name would be scaled.
 */
#include "analyzer/export/export.h"

#include <inttypes.h>

#include "analyzer/profile/report.h"

static void put_frame_name(const struct view_target *target,
			   const struct stack_frame *frame, uint64_t pc, FILE *to)
{
	const struct place *place = place_table_get(target->places, frame->place);

	fprintf(to, "#\t0x%" PRIx64 "\t%s", pc,
		frame->symbol ? frame->symbol->function : place->function);
	if (frame->symbol && frame->symbol->file)
		fprintf(to, "\t%s:%u", frame->symbol->file, frame->symbol->line);
	else if (frame->symbol && *frame->symbol->path)
		fprintf(to, "\t%s", frame->symbol->path);
	putc('\n', to);
}

static void put_figures(const uint64_t *value, FILE *to)
{
	fprintf(to, "%" PRId64 ": %" PRId64 " [%" PRId64 ": %" PRId64 "] @",
		(int64_t)value[PROFILE_INUSE_OBJECTS],
		(int64_t)value[PROFILE_INUSE_SPACE],
		(int64_t)value[PROFILE_ALLOC_OBJECTS],
		(int64_t)value[PROFILE_ALLOC_SPACE]);
}

/* Inlined frames share their node: one address for them all. */
static void put_stack(struct view_target *target, size_t number, FILE *to)
{
	const struct segment *segment = target->profile->segment;
	const struct stack_frame *frames;
	uint32_t count = stack_view_frames(target->view, number, &frames), last = 0;

	if (count == 0)
		return;
	put_figures(target->profile->stacks[number].value, to);
	for (uint32_t i = 0; i < count; i++) {
		if (frames[i].symbol && frames[i].node != last)
			fprintf(to, " 0x%" PRIx64, segment->nodes[frames[i].node].pc);
		last = frames[i].symbol ? frames[i].node : 0;
	}
	putc('\n', to);
	for (uint32_t i = 0; i < count; i++)
		put_frame_name(target, &frames[i],
			       frames[i].symbol ? segment->nodes[frames[i].node].pc : 0,
			       to);
}

/* As in /proc/PID/maps; a module lies in memory as its file's headers say. */
static void put_modules(const struct segment *segment, FILE *to)
{
	fputs("\nMAPPED_LIBRARIES:\n", to);
	for (uint32_t i = 0; i < segment->modules_count; i++) {
		const struct heapring_module *module = &segment->modules[i];

		if (module->ready && *module->path)
			fprintf(to, "%" PRIx64 "-%" PRIx64 " r-xp 00000000 00:00 0 %s\n",
				module->start, module->end, module->path);
	}
}

static int write_legacy(struct view_target *target, FILE *to, struct fault *fault)
{
	const struct profile *profile = target->profile;

	fputs("heap profile: ", to);
	put_figures(profile->total, to);
	fputs(" heapprofile\n", to);
	for (size_t i = 0; i < profile->stacks_count; i++)
		put_stack(target, i, to);
	fputs("\n# ", to);
	report_heading(profile, to);
	fprintf(to, "# peak %" PRIu64 " bytes\n# ", profile->peak_space);
	report_coverage(profile, to);
	put_modules(profile->segment, to);
	return 0;
}

const struct export_format export_legacy = { "legacy", VIEW_FUNCTIONS, false, true,
					     write_legacy };
