/*
 * signals - how often the user asked the run to end
 *
 * SIGINT and SIGTERM only count; SIGPIPE is ignored.
 */
#ifndef PIPELINE_SIGNALS_H
#define PIPELINE_SIGNALS_H

void signals_catch(void);
int signals_caught(void);

#endif
