#include "analyzer/machine/machine_memory.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

bool memory_pressure_read(const char *path, struct memory_pressure *ret_pressure)
{
	FILE *from = fopen(path, "re");
	char line[256];
	int found = 0;

	memset(ret_pressure, 0, sizeof(*ret_pressure));
	/* without PSI at boot the file is there, and reading it fails */
	while (from && fgets(line, sizeof(line), from)) {
		found += sscanf(line, "some avg10=%lf avg60=%lf", &ret_pressure->some_10s,
				&ret_pressure->some_60s) == 2;
		sscanf(line, "full avg10=%lf avg60=%lf", &ret_pressure->full_10s,
		       &ret_pressure->full_60s);
	}
	if (from)
		fclose(from);
	return found > 0;
}

static void read_meminfo(struct machine_memory *memory)
{
	FILE *from = fopen("/proc/meminfo", "re");
	char line[256];

	while (from && fgets(line, sizeof(line), from)) {
		sscanf(line, "MemTotal: %" SCNu64, &memory->total);
		sscanf(line, "MemAvailable: %" SCNu64, &memory->available);
		sscanf(line, "SwapTotal: %" SCNu64, &memory->swap_total);
		sscanf(line, "SwapFree: %" SCNu64, &memory->swap_free);
	}
	if (from)
		fclose(from);
	memory->total <<= 10;
	memory->available <<= 10;
	memory->swap_total <<= 10;
	memory->swap_free <<= 10;
}

static void read_kills(struct machine_memory *memory)
{
	FILE *from = fopen("/proc/vmstat", "re");
	char line[256];

	while (from && !memory->has_kills && fgets(line, sizeof(line), from))
		memory->has_kills =
			sscanf(line, "oom_kill %" SCNu64, &memory->kills) == 1;
	if (from)
		fclose(from);
}

void machine_memory_read(struct machine_memory *ret_memory)
{
	memset(ret_memory, 0, sizeof(*ret_memory));
	read_meminfo(ret_memory);
	read_kills(ret_memory);
	ret_memory->has_pressure =
		memory_pressure_read("/proc/pressure/memory", &ret_memory->pressure);
}
