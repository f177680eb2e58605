/*
 * request.h
 *
 * What a rescue is asked for: a restore, and the table that is wanted of it.
 * Its route makes it from what the caller has sent.
 */
#ifndef RESCUE_REQUEST_H
#define RESCUE_REQUEST_H

#include <stdint.h>

#include "base/text_list.h"
#include "restore/request.h"

typedef struct RescueRequest
{
	RestoreRequest restore;

	/* To query the restored server */
	char *database;
	char *superuser;
	TextList superusers; /* others to try */

	/* The table, by its OID (0: not known) or its name */
	uint32_t oid;
	char *schema;
	char *name;

	/* Who must have been allowed to read it; NULL: anybody may.  In the cluster that he asks from he has this OID, else 0. */
	char *role;
	uint32_t role_oid;

	/* The OID of the database in the cluster that is asked from; 0: in another */
	uint32_t database_oid;

	/* What it is called where it comes home to */
	char *home_schema;
	char *home_name;
} RescueRequest;

/* Frees a RescueRequest; for JobRequest.release. */
extern void rescue_request_free(void *request);

#endif /* RESCUE_REQUEST_H */
