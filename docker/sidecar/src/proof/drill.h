/*
 * drill.h
 *
 * The drill: restores a backup, checks what it brought back, and removes it.
 */
#ifndef PROOF_DRILL_H
#define PROOF_DRILL_H

#include "jobs/job.h"

/*
 * Restores, checks and removes.  Its request is a DrillRequest whose instance is
 * claimed, and whose backup is chosen unless it is refused.
 */
extern const JobKind job_drill;

#endif /* PROOF_DRILL_H */
