/*-------------------------------------------------------------------------
 *
 * job_report.h
 *	  Tells the client what a job says while it is followed.
 *
 *-------------------------------------------------------------------------
 */
#ifndef POC_JOB_REPORT_H
#define POC_JOB_REPORT_H

#include "utils/jsonb.h"

typedef struct PocJobReport PocJobReport;

/* In the current memory context.  Without show_log, warnings alone are told. */
extern PocJobReport *poc_job_report_new(bool show_log);

/* The lines of an answer of the sidecar; returns the number of the last one, if that is above "after". */
extern int64 poc_job_report_log(PocJobReport *report, Jsonb *answer, int64 after);

/* How far the copy of a backup is that this server sends */
extern void poc_job_report_copy(PocJobReport *report);

/* The job has ended, or is followed no longer. */
extern void poc_job_report_end(PocJobReport *report, Jsonb *job, const char *id);

#endif /* POC_JOB_REPORT_H */
