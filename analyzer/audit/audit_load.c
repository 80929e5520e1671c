/*
 * audit_load - does what lives follow the load?
 *
 * Let A be the blocks that came up to a time and F those that went. If they go in the
 * order in which they came, the oldest one at the time t came at A^-1(F(t)), and
 * t - A^-1(F(t)) is its age. Twice as many users keep twice as much, and that age stays.
 * Of a part f of all that is forgotten it is f t or, while the load rises in a line,
 * t (1 - sqrt(1 - f)): twice as much at the end as in the middle, as in a queue whose
 * reader is slower. Only of what multiplies is it the same all the time, too; that feeds
 * itself, and is no load.
 */
#include "analyzer/audit/audit_load.h"

#include <math.h>

#define GROWN 1.3    /* as many live at the end as in the middle, at least */
#define ALIKE 0.1    /* the ages, whatever the load */
#define GONE 0.5     /* of all that came, at least */
#define SELF_FED 5.0 /* times as many by the end as by the middle; of a line, it is 4 */
#define QUARTERS 4u

/* The age of the oldest block at a point; < 0: it was there before the window. */
static double age_at(const struct audit_facts *facts, const double *came, double gone,
		     size_t point)
{
	const double *at = facts->window.at;
	size_t i = 0;

	if (gone < came[0])
		return -1;
	while (i < point && came[i] < gone)
		i++;
	if (i > 0 && came[i] > came[i - 1])
		return at[point] - at[i] +
		       (at[i] - at[i - 1]) * (came[i] - gone) / (came[i] - came[i - 1]);
	return at[point] - at[i];
}

bool audit_load_follows(const struct audit_facts *facts, const double *came,
			const double *live)
{
	size_t last = facts->window.count - 1, middle = last / 2;
	double usual = age_at(facts, came, came[middle] - live[middle], middle);

	if (usual <= 0 || live[last] < GROWN * live[middle] ||
	    came[last] - live[last] < GONE * came[last] ||
	    came[last] > SELF_FED * came[middle])
		return false;
	for (unsigned i = 1; i <= QUARTERS; i++) {
		size_t point = last * i / QUARTERS;
		double age = age_at(facts, came, came[point] - live[point], point);

		if (fabs(age - usual) > ALIKE * usual)
			return false;
	}
	return true;
}
