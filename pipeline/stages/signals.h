/*
 * signals - how often the user asked the program to end
 *
 * From signals_catch() on SIGINT and SIGTERM only count; SIGPIPE is ignored.
 */
#ifndef PIPELINE_SIGNALS_H
#define PIPELINE_SIGNALS_H

#include <stdbool.h>

void signals_catch(void);
int signals_caught(void);

/* Did one come? */
bool signals_any(void);

#endif
