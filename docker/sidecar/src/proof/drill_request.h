/*
 * drill_request.h
 *
 * What a drill is asked for: a restore, and what to compare the restored
 * server with.  Its route makes it from what the caller has sent.
 */
#ifndef PROOF_DRILL_REQUEST_H
#define PROOF_DRILL_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "base/text_list.h"
#include "restore/recovery_request.h"

/* The name of a relation */
typedef struct DrillName
{
	char *text; /* one or two parts, as in SQL */
	char *hex;	/* its bytes if the database is SQL_ASCII; or NULL */
} DrillName;

/* A table, as the mark recorded it */
typedef struct DrillTable
{
	DrillName name;
	int64_t rows;
	int64_t bytes; /* 0: not known */
	char *hash;
} DrillTable;

/* A sequence, as the mark recorded it */
typedef struct DrillSequence
{
	DrillName name;
	bool is_used;  /* it has returned a value */
	int64_t value; /* if so, the last one */
	bool ascending;
} DrillSequence;

typedef struct DrillRequest
{
	RestoreRequest restore;
	json_t *refused;   /* the sidecar's own error, if nothing can be restored; or NULL */
	bool keep;		   /* keep the restored server */
	int64_t marked_at; /* timestamp_now() of the mark; -1: not known */

	/* To query the restored server */
	char *database;
	bool any_database; /* examine another if the copy is older than this one */
	char *superuser;
	TextList superusers; /* others to try */

	DrillTable *tables;
	size_t table_count;
	DrillSequence *sequences;
	size_t sequence_count;
	TextList asserts; /* queries that must return true */
} DrillRequest;

/* Frees a DrillRequest; for JobRequest.release. */
extern void drill_request_free(void *request);

#endif /* PROOF_DRILL_REQUEST_H */
