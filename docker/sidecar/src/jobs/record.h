/*
 * record.h
 *
 * A job as JSON: for callers, and for its file.
 */
#ifndef JOBS_RECORD_H
#define JOBS_RECORD_H

#include <stdio.h>

#include "jobs/table.h"

extern const char *const job_state_names[];

/*
 * job_json() is for callers, the record for the job's file.  The lock is held,
 * but job_write_record() takes it.
 */
extern json_t *job_json(const Job *job);

/*
 * The same as text of that length, to be freed.  Keeps that of the result of one that has ended: the thread that
 * serves all connections would make it again for each who waited for the job.
 */
extern char *job_text(Job *job, size_t *length);

/* For lists, without its result, behind the separator; keeps the text of one that has ended. */
extern void job_write_brief(Job *job, const char *separator, FILE *list);
extern bool job_write_record(Job *job);
extern Job *job_of_record(const json_t *record); /* NULL: incomplete */

/* {"job": ...} with the Location of the job */
extern Answer *job_accepted(int status, const Job *job);

#endif /* JOBS_RECORD_H */
