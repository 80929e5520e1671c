/*
 * module_file - the ELF file of a recorded module, if it is still the same one
 *
 * libdwfl with "offline" reporting finds the separate debug files, the
 * compressed ones and the minidebuginfo; one Dwfl for each module, so that what
 * it caches is freed before the next one is opened.
 */
#include "analyzer/symbols/module_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <elfutils/libdwelf.h>

#include "analyzer/symbols/debuginfod_file.h"

static const Dwfl_Callbacks callbacks = {
	.find_elf = dwfl_build_id_find_elf,
	.find_debuginfo = dwfl_standard_find_debuginfo,
	.section_address = dwfl_offline_section_address,
};

/* 1 the same build, 0 unknown, negative errno when it is another one. */
static int check_build(int fd, const struct heapring_module *module)
{
	const void *id = NULL;
	ssize_t length;
	int r = 0;
	Elf *elf;

	elf_version(EV_CURRENT);
	elf = elf_begin(fd, ELF_C_READ_MMAP, NULL);
	if (!elf || elf_kind(elf) != ELF_K_ELF) {
		r = -EINVAL;
	} else {
		length = dwelf_elf_gnu_build_id(elf, &id);
		if (module->build_id_len > 0)
			r = length == module->build_id_len && memcmp(id, module->build_id,
								     (size_t)length) == 0
				    ? 1
				    : -ESTALE;
	}
	elf_end(elf);
	return r;
}

/* Without a build-id the time of the last change is all there is to tell by. */
static bool is_newer(const struct stat *st, const struct heapring_module *module,
		     const struct module_origin *origin)
{
	uint64_t changed = (uint64_t)st->st_mtim.tv_sec * 1000000000u +
			   (uint64_t)st->st_mtim.tv_nsec;

	return module->build_id_len == 0 && origin->end_unix_ns > 0 &&
	       changed > origin->end_unix_ns;
}

static int open_checked(const char *path, const struct heapring_module *module,
			const struct module_origin *origin)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	int r;

	if (fd < 0)
		return -ENOENT;
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		r = -ENOENT;
	else
		r = is_newer(&st, module, origin) ? -ETIME : check_build(fd, module);
	if (r >= 0)
		return fd;
	close(fd);
	return r;
}

/* The debug file of a program that is not here any more. */
static int open_by_build_id(const struct heapring_module *module,
			    const struct module_origin *origin, char *path, size_t room)
{
	size_t at;

	if (module->build_id_len < 2)
		return -ENOENT;
	at = (size_t)snprintf(path, room, "/usr/lib/debug/.build-id/%02x/",
			      module->build_id[0]);
	for (unsigned i = 1; i < module->build_id_len; i++)
		at += (size_t)snprintf(path + at, room - at, "%02x", module->build_id[i]);
	snprintf(path + at, room - at, ".debug");
	return open_checked(path, module, origin);
}

/* The file that a live process runs, even when its name belongs to another one now. */
static int open_of_process(const struct heapring_module *module,
			   const struct module_origin *origin, char *path, size_t room)
{
	int fd = -ENOENT;

	/* of a dump the pid may be another process's by now: a build-id would tell */
	if (origin->root_pid == 0 ||
	    (module->build_id_len == 0 && origin->end_unix_ns > 0))
		return fd;
	snprintf(path, room, "/proc/%u/root%s", origin->root_pid, module->path);
	fd = open_checked(path, module, origin);
	if (fd >= 0 || !(module->flags & HR_MODULE_MAIN))
		return fd;
	snprintf(path, room, "/proc/%u/exe", origin->root_pid);
	return open_checked(path, module, origin);
}

/* The path as recorded, as the live process itself sees it, then by build-id. */
static int find(const struct heapring_module *module, const struct module_origin *origin,
		char *path, size_t room)
{
	int fd, other;

	if (module->path[0] != '/')
		return -ENOENT;
	snprintf(path, room, "%s", module->path);
	fd = open_checked(path, module, origin);
	if (fd >= 0)
		return fd;
	other = open_of_process(module, origin, path, room);
	if (other < 0)
		other = open_by_build_id(module, origin, path, room);
	if (other < 0)
		other = debuginfod_open(module->build_id, module->build_id_len, path,
					room);
	return other >= 0 ? other : fd;
}

static int report(struct module_file *file, const char *path, int fd)
{
	file->dwfl = dwfl_begin(&callbacks);
	if (!file->dwfl) {
		close(fd);
		return -ENOMEM;
	}
	dwfl_report_begin(file->dwfl);
	file->module = dwfl_report_offline(file->dwfl, path, path, fd);
	dwfl_report_end(file->dwfl, NULL, NULL);
	if (file->module && dwfl_module_getelf(file->module, &file->bias))
		return 0;
	if (!file->module)
		close(fd); /* taken over only on success */
	module_file_close(file);
	return -EINVAL;
}

int module_file_open(const struct heapring_module *module,
		     const struct module_origin *origin, struct module_file *ret_file)
{
	struct module_file file = { 0 };
	char path[PATH_MAX];
	int fd = find(module, origin, path, sizeof(path));
	int r = fd < 0 ? fd : report(&file, path, fd);

	if (r == 0)
		*ret_file = file;
	return r;
}

void module_file_close(struct module_file *file)
{
	if (file->dwfl)
		dwfl_end(file->dwfl);
	file->dwfl = NULL;
}
