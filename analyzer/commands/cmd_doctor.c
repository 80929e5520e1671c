/*
 * cmd_doctor - before the run: can it be profiled, and what will be seen
 *
 * Gathers findings from a program's files (prospect.c) and, for a process, from
 * /proc (doctor_process.c), and prints them: the verdict first.
 */
#include "analyzer/commands/commands.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/console/table.h"
#include "analyzer/console/text.h"
#include "analyzer/launch/debian_package.h"
#include "analyzer/launch/doctor_process.h"
#include "analyzer/launch/prospect.h"
#include "analyzer/profile/report.h"
#include "analyzer/segment/segment_dir.h"

#define MODULES_SHOWN 8u
#define PACKAGES_SHOWN 3u

struct doctor {
	bool json;
	const char *name;
	uint32_t pid; /* 0: a file */
	bool profiled;
	struct prospect prospect;
	struct doctor_findings findings;
};

static void find_kind(struct doctor *doctor)
{
	static const char *const kinds[] = { "dynamically linked", "statically linked",
					     "statically linked, position-independent",
					     "a shared library", "an object file" };
	const struct prospect *prospect = &doctor->prospect;
	const struct elf_facts *facts = &prospect->modules.entries[0].facts;

	if (*prospect->file.script)
		doctor_find(&doctor->findings, "script", DOCTOR_NOTE,
			    "%s is run by %s; what it starts is profiled too",
			    prospect->file.script, prospect->file.path);
	doctor_find(&doctor->findings, "program",
		    facts->kind == ELF_FACTS_DYNAMIC ? DOCTOR_OK : DOCTOR_BAD,
		    "%s, %s%s%s", kinds[facts->kind], elf_facts_machine(facts),
		    facts->is_pie && facts->kind == ELF_FACTS_DYNAMIC ? ", PIE" : "",
		    facts->is_go ? ", Go" : "");
	if (*facts->loader)
		doctor_find(&doctor->findings, "loader", DOCTOR_OK, "%s (%s)",
			    facts->loader, *facts->libc ? facts->libc : "unknown libc");
	if (prospect->file.secure)
		doctor_find(&doctor->findings, "privileges", DOCTOR_BAD, "%s",
			    prospect->file.secure);
	if (*prospect->shim)
		doctor_find(&doctor->findings, "shim", DOCTOR_OK, "%s (%s, %s)",
			    prospect->shim, elf_facts_machine(&prospect->shim_facts),
			    *prospect->shim_facts.libc ? prospect->shim_facts.libc
						       : "unknown libc");
}

static void find_allocator(struct doctor *doctor)
{
	const struct prospect *prospect = &doctor->prospect;
	const struct elf_facts *facts = &prospect->modules.entries[0].facts;

	if (facts->kind != ELF_FACTS_DYNAMIC)
		return;
	if (facts->malloc == ELF_MALLOC_EXPORTED)
		doctor_find(&doctor->findings, "allocator", DOCTOR_BAD,
			    "its own, exported%s%s", *facts->carries ? ": " : "",
			    facts->carries);
	else if (facts->malloc == ELF_MALLOC_HIDDEN || *facts->carries)
		doctor_find(&doctor->findings, "allocator", DOCTOR_BAD,
			    "its own%s%s, and %s for its libraries",
			    *facts->carries ? ": " : "", facts->carries,
			    text_base(prospect->allocator));
	else if (*prospect->allocator)
		doctor_find(&doctor->findings, "allocator", DOCTOR_OK,
			    "%s; the shim comes before it", prospect->allocator);
}

static void find_unwinding(struct doctor *doctor)
{
	const struct module_list *modules = &doctor->prospect.modules;
	char names[400] = "";
	size_t without = 0, used = 0;

	for (size_t i = 0; i < modules->count; i++) {
		const struct module_entry *entry = &modules->entries[i];

		if (entry->missing || entry->facts.has_cfi || !entry->facts.has_code)
			continue;
		if (without++ < MODULES_SHOWN && used < sizeof(names))
			used += (size_t)snprintf(names + used, sizeof(names) - used,
						 "%s%s", used ? ", " : "",
						 text_base(entry->path));
	}
	if (without == 0)
		doctor_find(&doctor->findings, "stacks", DOCTOR_OK,
			    "unwind information in all %zu modules", modules->count);
	else
		doctor_find(
			&doctor->findings, "stacks", DOCTOR_NOTE,
			"end in %zu of %zu modules, which have no unwind information: "
			"%s; build those with -fasynchronous-unwind-tables",
			without, modules->count, names);
}

static bool lacks_symbols(const struct module_entry *entry)
{
	return !entry->missing && entry->facts.has_code && !entry->facts.has_symbols &&
	       !entry->facts.has_lines &&
	       !elf_facts_debug_file(&entry->facts, entry->path);
}

/* Each package once; a long list is cut. */
struct packages {
	char list[400];
	unsigned count, shown;
};

static void add_package(struct packages *packages, const char *path)
{
	size_t used = strlen(packages->list);
	char name[128], *found;

	debian_package_of_symbols(path, name, sizeof(name));
	found = *name ? strstr(packages->list, name) : packages->list;
	if (found)
		return;
	packages->count++;
	if (packages->shown < PACKAGES_SHOWN &&
	    used + strlen(name) + 2 < sizeof(packages->list)) {
		packages->shown++;
		sprintf(packages->list + used, " %s", name);
	}
}

static void find_symbols(struct doctor *doctor)
{
	const struct module_list *modules = &doctor->prospect.modules;
	struct packages packages = { .count = 0 };
	char more[64] = "";
	size_t without = 0;

	for (size_t i = 0; i < modules->count; i++) {
		if (!lacks_symbols(&modules->entries[i]))
			continue;
		without++;
		add_package(&packages, modules->entries[i].path);
	}
	if (packages.count > packages.shown)
		snprintf(more, sizeof(more), " and %u more",
			 packages.count - packages.shown);
	if (without == 0)
		doctor_find(&doctor->findings, "names", DOCTOR_OK,
			    "symbols for all %zu modules", modules->count);
	else if (packages.count > 0)
		doctor_find(
			&doctor->findings, "names", DOCTOR_NOTE,
			"only exported functions in %zu of %zu modules; apt install%s%s "
			"(Debian's debug archive), or debuginfod",
			without, modules->count, packages.list, more);
	else
		doctor_find(
			&doctor->findings, "names", DOCTOR_NOTE,
			"only exported functions in %zu of %zu modules; build without "
			"strip, or ask debuginfod-find debuginfo FILE",
			without, modules->count);
}

static int examine(struct doctor *doctor, struct fault *fault)
{
	int r = doctor->pid ? prospect_load_process(doctor->pid, &doctor->prospect, fault)
			    : prospect_load(doctor->name, &doctor->prospect, fault);

	if (r < 0)
		return r;
	if (doctor->pid)
		doctor->profiled = doctor_process(doctor->pid, &doctor->findings);
	find_kind(doctor);
	find_allocator(doctor);
	if (doctor->prospect.modules.entries[0].facts.kind == ELF_FACTS_DYNAMIC) {
		find_unwinding(doctor);
		find_symbols(doctor);
	}
	doctor_segment_dir(segment_dir_path(), &doctor->findings);
	return 0;
}

/* A process that runs unprofiled cannot be, whatever its program could. */
static bool is_refused(const struct doctor *doctor)
{
	return doctor->prospect.verdict == PROSPECT_NONE ||
	       (doctor->pid && !doctor->profiled);
}

static void verdict_text(const struct doctor *doctor, char *text, size_t room)
{
	const struct prospect *prospect = &doctor->prospect;
	const char *verdict = prospect_verdict_name(prospect->verdict);

	if (doctor->pid && doctor->profiled)
		snprintf(text, room, "process %u (%s) is profiled", doctor->pid,
			 prospect->file.path);
	else if (doctor->pid && prospect->verdict != PROSPECT_NONE)
		snprintf(text, room,
			 "process %u (%s) is not profiled, but its program %s from its "
			 "start",
			 doctor->pid, prospect->file.path, verdict);
	else
		snprintf(text, room, "%s %s", doctor->name, verdict);
	if (*prospect->reason && !doctor->profiled)
		snprintf(text + strlen(text), room - strlen(text), ": %s",
			 prospect->reason);
}

static int print_text(const struct doctor *doctor)
{
	static const char *const marks[] = { "ok", "note", "BAD" };
	struct table *table = table_new("llt");
	char verdict[PATH_MAX + 1024];

	verdict_text(doctor, verdict, sizeof(verdict));
	for (char *c = verdict; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 127)
			*c = '?';
	puts(verdict);
	if (!table)
		return FAULT_INPUT;
	for (unsigned i = 0; i < doctor->findings.count; i++) {
		const struct doctor_finding *finding = &doctor->findings.list[i];

		table_add(table, marks[finding->status]);
		table_add(table, finding->name);
		table_add(table, finding->text);
	}
	if (*doctor->prospect.advice) {
		table_add(table, "note");
		table_add(table, "what helps");
		table_add(table, doctor->prospect.advice);
	}
	table_print(table, stdout);
	table_free(table);
	return is_refused(doctor) ? FAULT_TARGET : 0;
}

static json_t *build_id_json(const struct elf_facts *facts)
{
	char text[2 * sizeof(facts->build_id) + 1] = "";

	for (unsigned i = 0; i < facts->build_id_len; i++)
		snprintf(text + 2 * i, 3, "%02x", facts->build_id[i]);
	return *text ? json_string(text) : json_null();
}

static json_t *modules_json(const struct module_list *modules)
{
	static const char *const mallocs[] = { "none", "imported", "exported", "hidden" };
	json_t *list = json_array();

	for (size_t i = 0; i < modules->count; i++) {
		const struct module_entry *entry = &modules->entries[i];
		const struct elf_facts *facts = &entry->facts;

		if (!entry->missing)
			json_array_append_new(
				list, json_pack("{s:o, s:o, s:b, s:b, s:s, s:s}", "path",
						report_json_text(entry->path), "build_id",
						build_id_json(facts),
						"unwind_information", facts->has_cfi,
						"symbols", !lacks_symbols(entry),
						"malloc", mallocs[facts->malloc],
						"carries", facts->carries));
	}
	return list;
}

static int print_json(const struct doctor *doctor)
{
	static const char *const verdicts[] = { "yes", "part", "no" };
	static const char *const statuses[] = { "ok", "note", "bad" };
	const struct prospect *prospect = &doctor->prospect;
	json_t *findings = json_array();
	int r;

	for (unsigned i = 0; i < doctor->findings.count; i++) {
		const struct doctor_finding *finding = &doctor->findings.list[i];

		json_array_append_new(findings,
				      json_pack("{s:s, s:s, s:o}", "name", finding->name,
						"status", statuses[finding->status],
						"text", report_json_text(finding->text)));
	}
	r = report_json_print(json_pack(
		"{s:s, s:s, s:o, s:o, s:o, s:s, s:o, s:o, s:o, s:o}", "schema",
		"heapring/1", "view", "doctor", "target", report_json_text(doctor->name),
		"program", report_json_text(prospect->file.path), "profiled",
		doctor->pid ? json_boolean(doctor->profiled) : json_null(), "verdict",
		verdicts[prospect->verdict], "reason", report_json_text(prospect->reason),
		"advice", report_json_text(prospect->advice), "findings", findings,
		"modules", modules_json(&prospect->modules)));
	return r ? r : is_refused(doctor) ? FAULT_TARGET : 0;
}

static int show(struct doctor *doctor)
{
	struct fault fault;
	size_t digits = strspn(doctor->name, "0123456789");
	int status;

	if (digits > 0 && digits < 10 && !doctor->name[digits])
		doctor->pid = (uint32_t)strtoul(doctor->name, NULL, 10);
	if (doctor->pid && !doctor_process_exists(doctor->pid)) {
		fault_set(&fault, FAULT_TARGET, -1, "there is no process %u",
			  doctor->pid);
		return fault_print(&fault);
	}
	status = examine(doctor, &fault);
	if (status < 0)
		return fault_print(&fault);
	status = doctor->json ? print_json(doctor) : print_text(doctor);
	prospect_done(&doctor->prospect);
	return status;
}

static int run(const struct command *command, int argc, char **argv)
{
	struct doctor doctor = { 0 };
	const struct option_spec own[] = {
		{ "format", 0, "text|json", "how to print", option_set_json,
		  &doctor.json },
		{ NULL },
	};
	struct options options = { .command = command,
				   .tables = { own },
				   .arguments_min = 1,
				   .arguments_max = 1 };
	int first, status;

	if (!options_ready(&options, argc, argv, &first, &status))
		return status;
	doctor.name = argv[first];
	return show(&doctor);
}

const struct command cmd_doctor = {
	.name = "doctor",
	.arguments = "[OPTION...] BINARY|PID",
	.summary = "Tell whether a program can be profiled, and what will be seen",
	.help = "Looks at the files of a program, or at a process that runs; starts "
		"nothing of it.\n"
		"Says how it is linked, which allocator it uses, whether the shim comes "
		"before that,\n"
		"which modules have no unwind information or no symbols, and what to do "
		"about it.\n"
		"Exit status: 0 it can be profiled (perhaps in part), 4 it cannot, 3 it "
		"cannot be read.",
	.run = run,
};
