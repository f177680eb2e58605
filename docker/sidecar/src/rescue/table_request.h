/*
 * table_request.h
 *
 * What a rescue is asked for: a restore, and the tables that are wanted of it,
 * or the names of relations alone.
 * Its route makes it from what the caller has sent.
 */
#ifndef RESCUE_TABLE_REQUEST_H
#define RESCUE_TABLE_REQUEST_H

#include <stdint.h>

#include "base/text_list.h"
#include "restore/recovery_request.h"

/* A table that is wanted, by its OID (0: not known) or its name; without both, every table of the schema */
typedef struct RescueTable
{
	uint32_t oid;
	char *schema;
	char *name;

	/* What it is called where it comes home to; without a name, what it was called */
	char *home_schema;
	char *home_name;

	/* There it is already, and is given rows alone: the copy is left as it is. */
	bool rows_only;
} RescueTable;

/* Relations whose names are asked for, by OID or by the number of the file that they were in */
typedef struct RescueNames
{
	uint32_t *oids;
	size_t oid_count;
	uint32_t *files;
	size_t file_count;
} RescueNames;

typedef struct RescueRequest
{
	RestoreRequest restore;

	/* To query the restored server */
	char *database;
	char *superuser;
	TextList superusers; /* others to try */

	RescueTable *tables; /* none: the names alone */
	size_t table_count;
	RescueNames names;

	/* Who must have been allowed to read them; NULL: anybody may.  In the cluster that he asks from he has this OID, else 0. */
	char *role;
	uint32_t role_oid;

	/* The OID of the database in the cluster that is asked from; 0: in another */
	uint32_t database_oid;
} RescueRequest;

/* Frees a RescueRequest; for JobRequest.release. */
extern void rescue_request_free(void *request);

/* Frees the members of a RescueTable. */
extern void rescue_table_clear(RescueTable *table);

#endif /* RESCUE_TABLE_REQUEST_H */
