/*
 * module_file - the ELF file of a recorded module, if it is still the same one
 *
 * Contract
 *   - a file whose build-id differs from the recorded one is never used;
 *   - symbols of separate debug files are found by build-id under
 *     /usr/lib/debug and by .gnu_debuglink; nothing is fetched from a network
 *     unless DEBUGINFOD_URLS is left set by the caller;
 *   - addresses here are those of the file's own headers (address in memory
 *     minus the module's bias).
 */
#ifndef ANALYZER_MODULE_FILE_H
#define ANALYZER_MODULE_FILE_H

#include <stdint.h>

#include <elfutils/libdwfl.h>
#include <heapring/segment.h>

struct module_file {
	Dwfl *dwfl;
	Dwfl_Module *module;
	Dwarf_Addr bias; /* dwfl's address = file's address + bias */
};

/*
 * root_pid: a live process through whose root directory the path is tried
 * too, 0 for none. -ENOENT: no such file; -ESTALE: another build of it;
 * -EINVAL: no ELF file.
 */
int module_file_open(const struct heapring_module *module, uint32_t root_pid,
		     struct module_file *ret_file);
void module_file_close(struct module_file *file);

#endif
