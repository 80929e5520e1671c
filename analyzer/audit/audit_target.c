/*
 * audit_target - from a TARGET on the command line to a verdict
 */
#include "analyzer/audit/audit_target.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/pprof/pprof_read.h"

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

static bool mappings_may_tell(const struct audit_target *audited)
{
	const struct segment *segment = audited->profile->segment;

	return segment && segment->header.mappings &&
	       audited->audit->verdict != AUDIT_LEAK &&
	       audited->audit->verdict != AUDIT_THREAD_LEAK;
}

static int load_mappings(const char *name, struct audit_target *mapped,
			 struct fault *fault)
{
	const struct profile_wants wants = { .details = true,
					     .history = true,
					     .mappings = true };
	struct target target;
	int r = target_open(name, &target, fault);

	if (r < 0)
		return r;
	r = profile_load_with(&target, &wants, &mapped->profile, fault);
	target_close(&target);
	if (r == 0)
		r = load_symbols(mapped, fault);
	if (r == 0)
		r = audit_profile(mapped->profile, mapped->symbols, &mapped->around,
				  &mapped->audit, fault);
	return r;
}

/*
 * What is mapped past the allocator leaks as well. Where it was recorded, its leak comes
 * before all that the heap shows but a leak.
 */
static int prefer_mappings(const char *name, struct audit_target *audited,
			   struct fault *fault)
{
	struct audit_target mapped = { .around = audited->around };
	int r = load_mappings(name, &mapped, fault);

	if (r == 0 && mapped.audit->verdict == AUDIT_LEAK) {
		struct audit_target heap = *audited;

		*audited = mapped;
		mapped = heap;
	}
	/* the surroundings are audited's, in either case */
	audit_free(mapped.audit);
	symbols_free(mapped.symbols);
	profile_free(mapped.profile);
	return r;
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
	if (r == 0 && mappings_may_tell(&audited))
		r = prefer_mappings(name, &audited, fault);
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
