/*-------------------------------------------------------------------------
 *
 * state.h
 *	  A rescue in progress.
 *
 *-------------------------------------------------------------------------
 */
#ifndef POC_RESCUE_STATE_H
#define POC_RESCUE_STATE_H

#include "datatype/timestamp.h"
#include "nodes/pg_list.h"
#include "utils/jsonb.h"

typedef struct PocRescueStep
{
	const char *name;
	char *detail;
	int64 elapsed;				   /* microseconds */
	struct PocRescuedTable *table; /* whose step it is; NULL: of all */
} PocRescueStep;

/* A table that comes home */
typedef struct PocRescuedTable
{
	int number;		   /* of its definition, from 0 */
	Jsonb *definition; /* what the sidecar tells of it */
	char *relation;	   /* its name then, quoted */
	char *home_schema;
	char *home_name;
	char *home;		  /* both, quoted */
	bool is_there;	  /* empty, and takes the rows: nothing is made */
	List *silenced;	  /* for the time that it is loaded: triggers of it (home_triggers.c) */
	List *fires;	  /* of char *: triggers that fire for its rows, with the caller's rights */
	Oid owner;		  /* of the table at home */
	bool lends_usage; /* of the schema, to its owner, for the time of the rescue */
	bool lends_create;
	int64 others; /* of his objects there, before */
	Oid relid;
	List *left_out; /* of char * */
	uint64 rows;
	uint64 bytes;
	int64 home_rows;
	char *home_hash;
} PocRescuedTable;

typedef struct PocRescue
{
	Oid function; /* poc_rescue() */
	Oid caller;
	Oid keeper; /* owner of the extension's tables */
	TimestampTz began;
	TimestampTz step_began;
	List *steps; /* of PocRescueStep */

	/* what is asked for */
	char *path;
	Jsonb *request;
	char *undone; /* the change, or NULL */
	bool fire_triggers;

	struct PocJob *running; /* until it has ended */
	Jsonb *job;				/* when it has ended */
	List *tables;			/* of PocRescuedTable */
	PocRescuedTable *table; /* that steps are told of, or NULL */
} PocRescue;

#endif /* POC_RESCUE_STATE_H */
