/*
 * test_audit_load - the contract of audit_load_ebbs() in analyzer/audit/audit_load.h
 *
 * Each request takes blocks and gives most of them back.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <math.h>
#include <stdlib.h>

#include "analyzer/audit/audit_load.h"

#define POINTS 80u

/* The load at a time 0 .. 1, and what a request keeps then. */
typedef double rate_fn(double t);

static double always(double t)
{
	(void)t;
	return 1;
}

static double ebbs(double t)
{
	return exp(-1.5 * t);
}

static double stops(double t)
{
	return exp(-6 * t);
}

/* Bursts with rests as long between them, the last of which has not ended. */
static double comes_in_bursts(double t)
{
	return fmod(fmin(t, 0.99) * 4, 1) < 0.5;
}

static bool slows_with_load(rate_fn *load, rate_fn *kept, double given_back)
{
	struct audit_facts *facts = calloc(1, sizeof(*facts));
	double live[POINTS] = { 0 }, came = 0, gone = 0, stay = 0;
	bool slows;

	facts->window.count = POINTS;
	for (size_t i = 0; i < POINTS; i++) {
		double t = (double)i / (POINTS - 1);

		stay += 100 * load(t) * kept(t);
		gone += 100 * load(t) * given_back;
		came = stay + gone;
		live[i] = stay;
		facts->total.value[PROFILE_ALLOC_OBJECTS][i] = came;
		facts->total.value[PROFILE_INUSE_OBJECTS][i] = stay;
	}
	slows = audit_load_ebbs(facts, live);
	free(facts);
	return slows;
}

Test(audit_load, what_is_kept_of_each_request_slows_as_the_load_does)
{
	cr_expect(slows_with_load(ebbs, always, 1));
	cr_expect(slows_with_load(ebbs, always, 30));
}

Test(audit_load, a_cache_misses_less_while_as_much_is_asked)
{
	cr_expect(not(slows_with_load(always, ebbs, 3)));
}

Test(audit_load, a_cache_that_fills_while_the_load_ebbs_slows_more_than_it)
{
	cr_expect(not(slows_with_load(ebbs, ebbs, 3)));
}

Test(audit_load, where_nothing_goes_there_is_no_clock)
{
	cr_expect(not(slows_with_load(ebbs, always, 0.1)));
}

Test(audit_load, work_that_ends_is_no_load_that_ebbs)
{
	cr_expect(not(slows_with_load(stops, always, 3)));
}

Test(audit_load, a_rest_as_long_as_those_before_is_no_end)
{
	cr_expect(slows_with_load(comes_in_bursts, always, 3));
	cr_expect(not(slows_with_load(comes_in_bursts, stops, 3)), "a cache fills");
}

Test(audit_load, as_much_work_as_before_is_none)
{
	cr_expect(not(slows_with_load(always, always, 3)));
}
