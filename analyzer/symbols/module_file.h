/*
 * module_file - the ELF file of a recorded module, if it is still the same one
 *
 * Contract
 *   - a file whose build-id differs from the recorded one is never used;
 *   - a file without a build-id is not used when it was written after the profile
 *     had ended;
 *   - symbols of separate debug files are found by build-id under
 *     /usr/lib/debug and by .gnu_debuglink; nothing is fetched from a network
 *     unless DEBUGINFOD_URLS is left set by the caller;
 *   - where the file is gone, a separate debug file of its build-id does instead;
 *   - addresses here are those of the file's own headers (address in memory
 *     minus the module's bias).
 */
#ifndef ANALYZER_SYMBOLS_MODULE_FILE_H
#define ANALYZER_SYMBOLS_MODULE_FILE_H

#include <stdint.h>

#include <elfutils/libdwfl.h>
#include <heapring/segment.h>

struct module_file {
	Dwfl *dwfl;
	Dwfl_Module *module;
	Dwarf_Addr bias; /* dwfl's address = file's address + bias */
};

/* When and where the module was loaded. */
struct module_origin {
	uint32_t root_pid;    /* of a live process, through whose root folder the path is
			       * tried too; 0 none */
	uint64_t end_unix_ns; /* of the profile; 0: it goes on, or nobody knows */
};

/*
 * -ENOENT: no such file; -ESTALE: another build of it; -ETIME: no build-id, and
 * written later; -EINVAL: no ELF file.
 */
int module_file_open(const struct heapring_module *module,
		     const struct module_origin *origin, struct module_file *ret_file);
void module_file_close(struct module_file *file);

#endif
