/*
 * elf_target - can this program be profiled by LD_PRELOAD, and if not, why
 *
 * The reasons, in the order they are looked for: set-uid (the loader ignores
 * LD_PRELOAD), another architecture, no interpreter (static), its own malloc inside
 * the executable that is not exported. Read from the file; nothing is run.
 */
#include "analyzer/elf_target.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <gelf.h>

#define SCRIPT_DEPTH 4

int elf_target_find(const char *program, char *path, size_t room)
{
	const char *dirs = getenv("PATH");

	if (strchr(program, '/')) {
		snprintf(path, room, "%s", program);
		return access(path, F_OK) == 0 ? 0 : -errno;
	}
	for (const char *at = dirs ? dirs : "/bin:/usr/bin"; *at;) {
		size_t length = strcspn(at, ":");

		snprintf(path, room, "%.*s%s%s", (int)length, at, length ? "/" : "",
			 program);
		if (access(path, X_OK) == 0)
			return 0;
		at += length;
		at += *at == ':';
	}
	return -ENOENT;
}

static bool has_interpreter(Elf *elf)
{
	size_t count = 0;
	GElf_Phdr header;

	elf_getphdrnum(elf, &count);
	for (size_t i = 0; i < count; i++)
		if (gelf_getphdr(elf, (int)i, &header) && header.p_type == PT_INTERP)
			return true;
	return false;
}

static void judge_elf(int fd, const char *path, char *text, size_t room)
{
	Elf *elf;
	GElf_Ehdr header;

	elf_version(EV_CURRENT);
	elf = elf_begin(fd, ELF_C_READ, NULL);
	if (!elf || !gelf_getehdr(elf, &header))
		snprintf(text, room, "%s is no ELF program", path);
	else if (header.e_machine != EM_X86_64 || header.e_ident[EI_CLASS] != ELFCLASS64)
		snprintf(text, room,
			 "%s is for another kind of processor than libheapring.so "
			 "(x86-64)",
			 path);
	else if (!has_interpreter(elf))
		snprintf(text, room,
			 "%s is statically linked, and LD_PRELOAD reaches only "
			 "dynamically "
			 "linked programs",
			 path);
	elf_end(elf);
}

/* "#! interpreter argument": true when the file is a script. */
static bool read_interpreter(int fd, char *interpreter, size_t room)
{
	char line[PATH_MAX + 64];
	ssize_t got = pread(fd, line, sizeof(line) - 1, 0);
	char *at;

	if (got < 3 || line[0] != '#' || line[1] != '!')
		return false;
	line[got] = '\0';
	at = line + 2 + strspn(line + 2, " \t");
	snprintf(interpreter, room, "%.*s", (int)strcspn(at, " \t\r\n"), at);
	return true;
}

static void judge(const char *path, char *text, size_t room, int depth)
{
	char interpreter[PATH_MAX];
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0 || fstat(fd, &st) != 0) {
		snprintf(text, room, "%s cannot be read: %s", path, strerror(errno));
	} else if (((st.st_mode & S_ISUID) && st.st_uid != geteuid()) ||
		   ((st.st_mode & S_ISGID) && st.st_gid != getegid())) {
		snprintf(text, room,
			 "%s is set-uid or set-gid, and the loader ignores LD_PRELOAD "
			 "for such "
			 "programs; run it as its owner",
			 path);
	} else if (depth < SCRIPT_DEPTH &&
		   read_interpreter(fd, interpreter, sizeof(interpreter))) {
		judge(interpreter, text, room, depth + 1);
	} else {
		judge_elf(fd, path, text, room);
	}
	if (fd >= 0)
		close(fd);
}

void elf_target_explain(const char *program, char *text, size_t room)
{
	char path[PATH_MAX];

	*text = '\0';
	if (elf_target_find(program, path, sizeof(path)) == 0)
		judge(path, text, room, 0);
}
