/*
 * audit_target - from a TARGET on the command line to a verdict
 */
#include "analyzer/audit_target.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/pprof_read.h"

static int read_surroundings(const struct target *target,
			     const struct audit_target_wants *wants,
			     struct audit_target *audited, struct fault *fault)
{
	bool is_alive = target_is_live(target);
	const struct audit_surroundings_wants around = {
		.pid = is_alive ? (int)target->header.pid : 0,
		.duration_s = wants->duration_s,
		.metrics_url = wants->metrics_url,
		.private_table = target->header.private_table,
	};

	if (wants->duration_s > 0 && !is_alive)
		return fault_set(
			fault, FAULT_USAGE, -EINVAL,
			"audit: --duration needs a live process; %s is a profile "
			"of one that ended, or a dump",
			target->path);
	return audit_surroundings_read(&around, &audited->around, fault);
}

static int load_symbols(struct audit_target *audited, struct fault *fault)
{
	const char *warning;
	int r;

	unsetenv("DEBUGINFOD_URLS"); /* no network unless it was asked for */
	r = symbols_load(audited->profile, NULL, NULL, &audited->symbols, fault);
	for (unsigned i = 0; r == 0 && (warning = symbols_warning(audited->symbols, i));
	     i++)
		fprintf(stderr, "heapring: warning: %s\n", warning);
	return r;
}

static int load(const char *name, const struct audit_target_wants *wants,
		struct audit_target *audited, struct fault *fault)
{
	const struct profile_wants details = { .details = true, .history = true };
	const struct profile_wants nothing = { 0 };
	struct target target;
	int r;

	if (pprof_read_detect(name))
		return pprof_read(name, &nothing, &audited->profile, &audited->symbols,
				  fault);
	r = target_open(name, &target, fault);
	if (r < 0)
		return r;
	r = read_surroundings(&target, wants, audited, fault);
	if (r == 0 && wants->duration_s > 0) {
		/* how it ended, if it did meanwhile */
		target_close(&target);
		r = target_open(name, &target, fault);
		if (r < 0)
			return r;
	}
	if (r == 0)
		r = profile_load_with(&target, &details, &audited->profile, fault);
	target_close(&target);
	return r < 0 ? r : load_symbols(audited, fault);
}

int audit_target_load(const char *name, const struct audit_target_wants *wants,
		      struct audit_target *ret, struct fault *fault)
{
	struct audit_target audited = { 0 };
	int r = load(name, wants, &audited, fault);

	audited.around.target = name;
	if (r == 0)
		r = audit_profile(audited.profile, audited.symbols, &audited.around,
				  &audited.audit, fault);
	if (r < 0) {
		audit_target_done(&audited);
		return r;
	}
	*ret = audited;
	return 0;
}

void audit_target_done(struct audit_target *target)
{
	audit_free(target->audit);
	symbols_free(target->symbols);
	profile_free(target->profile);
	audit_surroundings_done(&target->around);
	memset(target, 0, sizeof(*target));
}
