/*
 * oom_log - whom the OOM killer took, from the kernel's log
 *
 * A record is "<priority>,<sequence>,<microseconds since boot>,<flags>;text", and the
 * text of a kill, since 2005, "...ut of memory: Killed process PID (NAME)", with or
 * without commas. NAME may hold anything, brackets too.
 */
#include "analyzer/machine/oom_log.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "analyzer/machine/clock.h"

#define RECORD_MAX 8192u

bool oom_log_parse(const char *record, uint64_t now_ns, struct oom_kill *ret_kill)
{
	const char *text = strchr(record, ';'), *killed, *name, *end, *resident;
	uint64_t us, kilobytes = 0;

	memset(ret_kill, 0, sizeof(*ret_kill));
	killed = text ? strstr(text, "ut of memory: Kill") : NULL;
	killed = killed ? strstr(killed, " process ") : NULL;
	if (!killed || sscanf(record, "%*u,%*u,%" SCNu64, &us) != 1 ||
	    sscanf(killed, " process %" SCNu32, &ret_kill->pid) != 1)
		return false;
	resident = strstr(killed, "anon-rss:");
	if (resident)
		sscanf(resident, "anon-rss:%" SCNu64, &kilobytes);
	ret_kill->resident = kilobytes << 10;
	ret_kill->by_group = strstr(text, "emory cgroup out") != NULL;
	ret_kill->ago_ns = now_ns > us * 1000 ? now_ns - us * 1000 : 0;
	name = strchr(killed, '(');
	end = strstr(killed, ") total-vm");
	if (!end)
		end = strrchr(killed, ')');
	if (name && end && end > name)
		snprintf(ret_kill->program, sizeof(ret_kill->program), "%.*s",
			 (int)(end - name - 1), name + 1);
	for (char *c = ret_kill->program; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 127)
			*c = '?';
	return true;
}

static void add(struct oom_log *log, const struct oom_kill *kill)
{
	memmove(&log->kill[1], &log->kill[0], (OOM_LOG_MAX - 1) * sizeof(log->kill[0]));
	log->kill[0] = *kill;
	if (log->count < OOM_LOG_MAX)
		log->count++;
}

bool oom_log_read(struct oom_log *ret_log)
{
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	char record[RECORD_MAX + 1];
	struct oom_kill kill;
	uint64_t now = clock_ns();
	ssize_t got;

	memset(ret_log, 0, sizeof(*ret_log));
	if (fd < 0)
		return false;
	for (;;) {
		got = read(fd, record, RECORD_MAX);
		if (got < 0 && (errno == EPIPE || errno == EINTR))
			continue; /* EPIPE: records were overwritten meanwhile */
		if (got <= 0)
			break;
		record[got] = '\0';
		if (oom_log_parse(record, now, &kill))
			add(ret_log, &kill);
	}
	close(fd);
	return true;
}
