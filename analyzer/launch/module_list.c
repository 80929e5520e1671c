/*
 * module_list - the program and the libraries that it is, or would be, made of
 *
 * A loader can be asked to map what it would map and print it, as ldd does. The
 * loader is a program that the file names, so only the known ones in the
 * system's folders are run.
 */
#include "analyzer/launch/module_list.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/launch/command_output.h"

#define MODULES_MAX 4096u

static bool is_listed(const struct module_list *list, const char *path)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->entries[i].path && strcmp(list->entries[i].path, path) == 0)
			return true;
	return false;
}

/* seen: the path under which the file is read. */
static int add(struct module_list *list, const char *path, const char *seen)
{
	struct module_entry entry = { 0 };
	struct module_entry *grown;
	int r = seen ? elf_facts_read(seen, &entry.facts) : 0;

	if (r < 0 || list->count == MODULES_MAX)
		return r;
	grown = realloc(list->entries, (list->count + 1) * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	list->entries = grown;
	*(seen ? &entry.path : &entry.missing) = strdup(path);
	list->entries[list->count++] = entry;
	return 0;
}

static bool is_known_loader(const struct elf_facts *facts)
{
	static const char *const folders[] = { "/lib/", "/lib64/", "/usr/lib/",
					       "/usr/lib64/" };

	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++)
		if (strncmp(facts->loader, folders[i], strlen(folders[i])) == 0 &&
		    !strstr(facts->loader, "..") &&
		    strncmp(strrchr(facts->loader, '/'), "/ld-", 4) == 0)
			return true;
	return false;
}

/* "\tNAME => PATH (0x...)", "\tPATH (0x...)" or "\tNAME => not found". */
static void add_line(struct module_list *list, char *line)
{
	char *arrow = strstr(line, " => ");
	char *path = arrow ? arrow + 4 : line;
	char *address = strstr(path, " (0x");

	if (address)
		*address = '\0';
	if (arrow && strncmp(path, "not found", 9) == 0) {
		*arrow = '\0';
		add(list, line, NULL);
	} else if (*path == '/' && !is_listed(list, path)) {
		add(list, path, path);
	}
}

static void add_libraries(struct module_list *list, const struct elf_facts *facts,
			  const char *path)
{
	/* as ldd asks glibc's: --list gives up at the first library that is missing */
	const char *glibc[] = { "env", "LD_TRACE_LOADED_OBJECTS=1", facts->loader, path,
				NULL };
	const char *other[] = { facts->loader, "--list", path, NULL };
	char *text = command_output(strstr(facts->loader, "/ld-linux") ? glibc : other);
	char *state = NULL;

	for (char *line = text ? strtok_r(text, "\n", &state) : NULL; line;
	     line = strtok_r(NULL, "\n", &state))
		add_line(list, line + strspn(line, " \t"));
	free(text);
}

int module_list_of_file(const char *path, struct module_list *ret_list)
{
	struct module_list list = { 0 };
	int r = add(&list, path, path);
	struct elf_facts facts;

	if (r < 0)
		return r;
	facts = list.entries[0].facts;
	if (is_known_loader(&facts))
		add_libraries(&list, &facts, path);
	*ret_list = list;
	return 0;
}

int module_list_of_process(uint32_t pid, struct module_list *ret_list)
{
	struct module_list list = { 0 };
	char name[64], seen[PATH_MAX + 64], path[PATH_MAX];
	char *line = NULL;
	size_t room = 0;
	FILE *maps;
	char rights[8];

	snprintf(name, sizeof(name), "/proc/%u/maps", pid);
	maps = fopen(name, "re");
	if (!maps)
		return -errno;
	errno = 0;
	while (getline(&line, &room, maps) > 0) {
		if (sscanf(line, "%*s %7s %*s %*s %*s %4095[^\n]", rights, path) != 2 ||
		    *path != '/' || !strchr(rights, 'x') || is_listed(&list, path) ||
		    strstr(path, "/libheapring.so"))
			continue;
		snprintf(seen, sizeof(seen), "/proc/%u/root%s", pid, path);
		add(&list, path, seen); /* a deleted one is left out */
	}
	free(line);
	fclose(maps);
	*ret_list = list;
	return list.count > 0 ? 0 : -EACCES;
}

void module_list_done(struct module_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		free(list->entries[i].path);
		free(list->entries[i].missing);
	}
	free(list->entries);
	list->entries = NULL;
	list->count = 0;
}
