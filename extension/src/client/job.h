/*-------------------------------------------------------------------------
 *
 * job.h
 *	  Starts a job of the sidecar and follows it to its end.
 *
 *-------------------------------------------------------------------------
 */
#ifndef POC_JOB_H
#define POC_JOB_H

#include "datatype/timestamp.h"
#include "utils/jsonb.h"

#include "client/http_message.h"

/* longest job identifier that we accept, in bytes */
#define POC_JOB_ID_SIZE 128

/* 128 random bits in hexadecimal: unique, and impossible to guess */
#define POC_JOB_KEY_BYTES 16

typedef struct PocJob
{
	char id[POC_JOB_ID_SIZE]; /* empty until the sidecar sends it */
	char key[2 * POC_JOB_KEY_BYTES + 1];
	bool may_run;	/* the sidecar may be running it */
	int64 log_seen; /* lines of its log that have been reported */
} PocJob;

/* Time for which the sidecar has not answered */
typedef struct PocJobAbsence
{
	TimestampTz since;
	int grace; /* ms allowed beyond AWAY_LIMIT */
	bool told;
} PocJobAbsence;

/* job.c */
extern Jsonb *poc_job_follow(PocJob *job, TimestampTz deadline, bool show_log, bool show_past,
							 const char *until_phase);
extern char *poc_job_path(const char *id);
extern bool poc_job_is_ended(Jsonb *job);
extern void poc_job_require_success(Jsonb *job, const char *id);

/* job_start.c */
extern PocJob *poc_job_new(void);
extern Jsonb *poc_job_start(PocJob *job, const char *path, Jsonb *body);
extern Jsonb *poc_job_in_answer(Jsonb *answer, const char *path);
extern void poc_job_nap(long milliseconds);
extern void poc_job_await_sidecar(PocJobAbsence *absence, PocHttpFailure *failure);

/* job_cancel.c: a callback of PG_ENSURE_ERROR_CLEANUP for a PocJob */
extern void poc_job_cancel(int code, Datum arg);

#endif /* POC_JOB_H */
