/*
 * recovery_request.h
 *
 * What a restore is asked for.  Its route makes it from what the caller has
 * sent, checks it, and chooses the backup.
 */
#ifndef RESTORE_RECOVERY_REQUEST_H
#define RESTORE_RECOVERY_REQUEST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text_list.h"
#include "restore/instance_config.h"
#include "restore/server_needs.h"

/* A locale of the primary */
typedef struct PrimaryLocale
{
	char *of; /* what has it: "database x" */
	char *name;
	char *version; /* of the primary's C library; NULL: it does not matter */
	bool needed;   /* a drill queries a database that has it */
} PrimaryLocale;

/* What the primary reports of itself; any of it may be missing. */
typedef struct PrimaryFacts
{
	PrimaryLocale *locales;
	size_t locale_count;
	TextList libraries; /* that functions in C are in: "$libdir/vector" */
	char *preload;		/* its shared_preload_libraries, or NULL */
	PrimarySettings settings;
} PrimaryFacts;

typedef struct RestoreRequest
{
	char *instance;		   /* its name; claimed for the job */
	char *backup_id;	   /* as asked for, NULL: any; once chosen, that of the backup */
	RecoveryTarget target; /* its texts belong to the request */
	bool timeline_is_new;  /* the timeline of the target is not archived yet */
	bool start;			   /* start the server that was restored */
	bool refresh;		   /* the instance is there, and gets the backup in place of what it has */

	/* The mark that the target is the name of, until the backup is chosen */
	char *mark_lsn; /* NULL: it is no mark of the caller's */
	int mark_timeline;

	/* The caller, a client in the primary or in another server */
	char *system_identifier; /* NULL: not known */
	int timeline;			 /* 0: not known */
	char *wal_file;			 /* the segment that it has closed, or NULL */
	PrimaryFacts primary;
} RestoreRequest;

/* Frees what a request holds, for one that is part of another. */
extern void restore_request_clear(RestoreRequest *request);

/* Frees a RestoreRequest; for JobRequest.release. */
extern void restore_request_free(void *request);

#endif /* RESTORE_RECOVERY_REQUEST_H */
