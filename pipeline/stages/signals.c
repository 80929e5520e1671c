#include "pipeline/stages/signals.h"

#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>

static _Atomic int caught; /* by the handler; a count that orders nothing: relaxed */

static void on_signal(int number)
{
	(void)number;
	atomic_fetch_add_explicit(&caught, 1, memory_order_relaxed);
}

void signals_catch(void)
{
	struct sigaction action = { .sa_handler = on_signal };

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	signal(SIGPIPE, SIG_IGN);
}

int signals_caught(void)
{
	return atomic_load_explicit(&caught, memory_order_relaxed);
}

bool signals_any(void)
{
	return signals_caught() > 0;
}
