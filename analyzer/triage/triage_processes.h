/*
 * triage_processes - the biggest processes, and the profiles there are
 *
 * Private to triage.c. Contract
 *   - rows, killed and jobs of the triage are filled in, jobs in the order in which a
 *     verdict is wanted: live ones by resident memory, then killed ones;
 *   - no process is stopped or attached to; those of other users have no PSS.
 */
#ifndef ANALYZER_TRIAGE_TRIAGE_PROCESSES_H
#define ANALYZER_TRIAGE_TRIAGE_PROCESSES_H

#include "analyzer/triage/triage.h"

int triage_processes_find(struct triage *triage, struct fault *fault);

/* Once more the resident memory of the rows, and their PSS while there is time. */
void triage_processes_again(struct triage *triage, double deadline_s);

#endif
