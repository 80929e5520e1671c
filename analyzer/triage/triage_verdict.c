#include "analyzer/triage/triage_verdict.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "analyzer/audit/audit_target.h"

static void name_culprit(const struct audit *audit, struct triage_verdict *verdict)
{
	const struct audit_finding *finding = &audit->findings[0];
	const char *file = finding->file ? strrchr(finding->file, '/') : NULL;

	if (!audit->has_site)
		return;
	file = file ? file + 1 : finding->file;
	if (file)
		snprintf(verdict->culprit, sizeof(verdict->culprit), "%.90s  %.50s:%u",
			 finding->function, file, finding->line);
	else
		snprintf(verdict->culprit, sizeof(verdict->culprit), "%.150s",
			 finding->function);
}

static double seconds_of(const struct profile *profile)
{
	const struct heapring_header *header = &profile->segment->header;
	uint64_t ns = header->active_ns > header->start_mono_ns
			      ? header->active_ns - header->start_mono_ns
			      : 0;

	return ns > 0 ? (double)ns / 1e9 : 1e-9;
}

static void judge(const char *path, struct triage_verdict *verdict)
{
	const struct audit_target_wants nothing = { 0 };
	struct audit_target target;
	struct fault fault;

	if (audit_target_load(path, &nothing, &target, &fault) < 0) {
		verdict->answer = TRIAGE_FAILED;
		snprintf(verdict->culprit, sizeof(verdict->culprit), "%.150s",
			 fault.text);
		return;
	}
	verdict->answer = TRIAGE_KNOWN;
	verdict->verdict = target.audit->verdict;
	verdict->growth = target.audit->growth;
	verdict->confidence = target.audit->confidence;
	verdict->rate_bytes_per_s = target.audit->all_bytes_per_s;
	verdict->threads_per_s = target.audit->threads_per_s;
	verdict->eta_to_limit_s = target.audit->eta_to_limit_s;
	verdict->live_bytes = target.profile->total[PROFILE_INUSE_SPACE];
	verdict->alloc_bytes_per_s = (double)target.profile->total[PROFILE_ALLOC_SPACE] /
				     seconds_of(target.profile);
	name_culprit(target.audit, verdict);
	audit_target_done(&target);
}

/* Memory may be about to run out: rather this process than one that works. */
static void be_the_first_to_go(void)
{
	int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
	ssize_t unused;

	if (fd < 0)
		return;
	unused = write(fd, "1000", 4);
	(void)unused;
	close(fd);
}

static void answer(const char *path, int to)
{
	struct triage_verdict verdict = { 0 };
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

	be_the_first_to_go();
	if (null >= 0)
		dup2(null, STDERR_FILENO); /* warnings about symbols */
	judge(path, &verdict);
	_exit(write(to, &verdict, sizeof(verdict)) == sizeof(verdict) ? 0 : 1);
}

static bool begin(struct triage_job *job)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) != 0)
		return false;
	job->child = fork();
	if (job->child == 0)
		answer(job->path, ends[1]);
	close(ends[1]);
	job->from = ends[0];
	if (job->child > 0)
		return true;
	close(ends[0]);
	job->child = 0;
	return false;
}

static void reap(struct triage_job *job)
{
	int status;

	close(job->from);
	while (waitpid(job->child, &status, 0) < 0 && errno == EINTR)
		;
	job->child = 0;
}

/* The answer is shorter than a pipe writes at once, so it is there or is not. */
static void collect(struct triage_job *job)
{
	struct triage_verdict verdict;

	if (read(job->from, &verdict, sizeof(verdict)) == sizeof(verdict)) {
		job->verdict = verdict;
	} else {
		job->verdict.answer = TRIAGE_FAILED;
		snprintf(job->verdict.culprit, sizeof(job->verdict.culprit),
			 "the audit ended early");
	}
	reap(job);
}

void triage_verdicts_poll(struct triage_job *jobs, size_t count, int wait_ms)
{
	struct pollfd ready[TRIAGE_AUDITS_AT_ONCE];
	struct triage_job *running[TRIAGE_AUDITS_AT_ONCE];
	nfds_t begun = 0;

	for (size_t i = 0; i < count && begun < TRIAGE_AUDITS_AT_ONCE; i++) {
		bool is_new = jobs[i].child == 0 && jobs[i].verdict.answer == TRIAGE_LATE;

		if (jobs[i].child == 0 && !(is_new && begin(&jobs[i])))
			continue;
		ready[begun] = (struct pollfd){ .fd = jobs[i].from, .events = POLLIN };
		running[begun++] = &jobs[i];
	}
	if (poll(ready, begun, wait_ms) <= 0)
		return;
	for (nfds_t i = 0; i < begun; i++)
		if (ready[i].revents)
			collect(running[i]);
}

void triage_verdicts_end(struct triage_job *jobs, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (jobs[i].child == 0)
			continue;
		kill(jobs[i].child, SIGKILL);
		reap(&jobs[i]);
	}
}
