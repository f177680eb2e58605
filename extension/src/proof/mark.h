/*-------------------------------------------------------------------------
 *
 * mark.h
 *	  A mark and its contents.
 *
 *-------------------------------------------------------------------------
 */
#ifndef POC_MARK_H
#define POC_MARK_H

#include "access/xlogdefs.h"
#include "datatype/timestamp.h"
#include "nodes/pg_list.h"
#include "utils/array.h"

/*
 * With pg_class AS c and pg_namespace AS n: the relations in a mark of a whole
 * database.  It excludes those of the system and of extensions.
 */
#define POC_MARK_OF_THE_USER                                                                     \
	"n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_(toast|temp)' " \
	"AND NOT EXISTS (SELECT FROM pg_depend AS d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e') "

/* One table of a mark. */
typedef struct PocMarkedTable
{
	Oid relid;
	char *name; /* schema-qualified and quoted */
	int64 bytes;
	int64 rows;
	char *hash;
} PocMarkedTable;

/* The value of a sequence at a mark; the restored value may be later. */
typedef struct PocMarkedSequence
{
	char *name; /* schema-qualified and quoted */
	int64 value;
	bool unused; /* no value drawn yet */
	bool ascending;
} PocMarkedSequence;

/* A mark as it is stored. */
typedef struct PocMark
{
	char *name;
	Oid fingerprint; /* poc_fingerprint(regclass) */
	Oid storage;	 /* _poc.marks */
	Oid owner;		 /* and its owner */
	List *tables;	 /* of PocMarkedTable */
	List *sequences; /* of PocMarkedSequence */
	List *omitted;	 /* of char *: what is left out, and why */
	List *untold;	 /* those of them without a NOTICE */
	XLogRecPtr lsn;
	TimestampTz at;
} PocMark;

/* mark_tables.c */
extern void poc_mark_find_tables(PocMark *mark, ArrayType *named);
extern void poc_mark_lock_tables(PocMark *mark, bool named);

/* mark_objects.c */
extern void poc_mark_find_large_objects(PocMark *mark);
extern void poc_mark_wait_for_removals(void);
extern void poc_mark_read_sequences(PocMark *mark);
extern void poc_mark_find_omitted(PocMark *mark);
extern void poc_mark_leave_out(PocMark *mark, const char *what, bool told);
extern void poc_mark_report_omitted(PocMark *mark);

#endif /* POC_MARK_H */
