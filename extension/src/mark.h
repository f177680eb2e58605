/*-------------------------------------------------------------------------
 *
 * mark.h
 *	  A mark, and the tables that it is of.
 *
 *-------------------------------------------------------------------------
 */
#ifndef POC_MARK_H
#define POC_MARK_H

#include "access/xlogdefs.h"
#include "datatype/timestamp.h"
#include "nodes/pg_list.h"
#include "utils/array.h"

/* One table of a mark. */
typedef struct PocMarkedTable
{
	Oid			relid;
	char	   *name;			/* with its schema, quoted */
	int64		bytes;
	int64		rows;
	char	   *hash;
} PocMarkedTable;

/* A mark, as it is stored. */
typedef struct PocMark
{
	char	   *name;
	Oid			fingerprint;	/* poc_fingerprint(regclass) */
	Oid			storage;		/* _poc.marks */
	Oid			owner;			/* and its owner */
	List	   *tables;			/* of PocMarkedTable */
	XLogRecPtr	lsn;
	TimestampTz at;
} PocMark;

/* mark_tables.c */
extern void poc_mark_find_tables(PocMark *mark, ArrayType *named);
extern void poc_mark_lock_tables(PocMark *mark, bool named);

#endif							/* POC_MARK_H */
