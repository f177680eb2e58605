/*
 * find_changes.h
 *
 * The job that searches the archived WAL for changes of tables.
 */
#ifndef RESCUE_FIND_CHANGES_H
#define RESCUE_FIND_CHANGES_H

#include "jobs/job.h"
#include "rescue/search.h"

/* Of results; the newest are kept.  A job keeps less than a megabyte (jobs/shorten.c). */
#define FIND_CHANGES_MOST 2000

typedef struct FindChangesRequest
{
	SearchWishes wishes;
	char *wal_file; /* the caller has closed it, so wait for it; or NULL */
	KnownRelation *relations;
	size_t relation_count;
} FindChangesRequest;

extern void find_changes_request_free(void *request);

/* Its request is a FindChangesRequest.  The result: {changes: [...], omitted, unknown, segments, bytes} */
extern const JobKind job_find_changes;

#endif /* RESCUE_FIND_CHANGES_H */
