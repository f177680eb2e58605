/*
 * bring_home.h
 *
 * The job of a rescue.
 */
#ifndef RESCUE_BRING_HOME_H
#define RESCUE_BRING_HOME_H

#include "jobs/job.h"
#include "rescue/table_request.h"

/*
 * Its request is a RescueRequest; its instance is claimed.  In the phase
 * "ready" it waits for the client to ask for the rows (handover.h).  The
 * result: {backup_id, timeline, recovered_lsn, recovered_time,
 * restore_seconds, recovery_seconds, bytes, tables: [{rows, hash}], left_out,
 * removed}; if names alone are asked for, names (tell_names.h) in place of tables
 * and left_out.
 */
extern const JobKind job_rescue;

#endif /* RESCUE_BRING_HOME_H */
