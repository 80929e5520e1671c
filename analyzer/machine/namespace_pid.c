#include "analyzer/machine/namespace_pid.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Is that the innermost of several numbers? NSpid: has one for each namespace. */
static bool is_known_as(const char *pid_here, uint32_t pid_there)
{
	char name[300], line[256];
	bool known = false;
	FILE *stream;

	snprintf(name, sizeof(name), "/proc/%s/status", pid_here);
	stream = fopen(name, "re");
	while (stream && fgets(line, sizeof(line), stream)) {
		const char *first, *last;

		if (strncmp(line, "NSpid:", 6) != 0)
			continue;
		line[strcspn(line, "\n")] = '\0';
		first = strpbrk(line, "0123456789");
		last = strrchr(line, '\t');
		known = first && last && last + 1 > first &&
			strtoul(last + 1, NULL, 10) == pid_there;
		break;
	}
	if (stream)
		fclose(stream);
	return known;
}

bool namespace_pid_any(uint32_t pid_there, bool (*test)(void *arg, uint32_t pid_here),
		       void *arg)
{
	DIR *processes = opendir("/proc");
	struct dirent *entry;
	bool found = false;

	while (processes && !found && (entry = readdir(processes)))
		if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9' &&
		    is_known_as(entry->d_name, pid_there))
			found = test(arg, (uint32_t)strtoul(entry->d_name, NULL, 10));
	if (processes)
		closedir(processes);
	return found;
}
