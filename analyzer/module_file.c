/*
 * module_file - the ELF file of a recorded module, if it is still the same one
 *
 * libdwfl with "offline" reporting finds the separate debug files, the
 * compressed ones and the minidebuginfo; one Dwfl for each module, so that what
 * it caches is freed before the next one is opened.
 */
#include "analyzer/module_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <elfutils/libdwelf.h>

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

static int open_checked(const char *path, const struct heapring_module *module)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	int r;

	if (fd < 0)
		return -ENOENT;
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		r = -ENOENT;
	else
		r = check_build(fd, module);
	if (r >= 0)
		return fd;
	close(fd);
	return r;
}

/* The path as recorded, then as the live process itself sees it. */
static int find(const struct heapring_module *module, uint32_t root_pid, char *path,
		size_t room)
{
	int fd, other;

	if (module->path[0] != '/')
		return -ENOENT;
	snprintf(path, room, "%s", module->path);
	fd = open_checked(path, module);
	if (fd >= 0 || root_pid == 0)
		return fd;
	snprintf(path, room, "/proc/%u/root%s", root_pid, module->path);
	other = open_checked(path, module);
	return other >= 0 ? other : fd;
}

int module_file_open(const struct heapring_module *module, uint32_t root_pid,
		     struct module_file *ret_file)
{
	struct module_file file = { 0 };
	char path[PATH_MAX];
	int fd = find(module, root_pid, path, sizeof(path));

	if (fd < 0)
		return fd;
	file.dwfl = dwfl_begin(&callbacks);
	if (!file.dwfl) {
		close(fd);
		return -ENOMEM;
	}
	dwfl_report_begin(file.dwfl);
	file.module = dwfl_report_offline(file.dwfl, path, path, fd);
	dwfl_report_end(file.dwfl, NULL, NULL);
	if (!file.module || !dwfl_module_getelf(file.module, &file.bias)) {
		if (!file.module)
			close(fd); /* taken over only on success */
		dwfl_end(file.dwfl);
		return -EINVAL;
	}
	*ret_file = file;
	return 0;
}

void module_file_close(struct module_file *file)
{
	if (file->dwfl)
		dwfl_end(file->dwfl);
	file->dwfl = NULL;
}
