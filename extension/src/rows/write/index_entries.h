/*-------------------------------------------------------------------------
 *
 * index_entries.h
 *	  The entries of an index on ascending integers, as runs.
 *
 * index_entries.c collects them row by row, btree.c writes them: it goes through the runs
 * itself, because it forms each index tuple once and keeps none.
 *
 *-------------------------------------------------------------------------
 */
#ifndef POC_ROWS_WRITE_INDEX_ENTRIES_H
#define POC_ROWS_WRITE_INDEX_ENTRIES_H

#include "access/attnum.h"
#include "storage/itemptr.h"

/* Integers at equal steps, in consecutive rows of one page. */
typedef struct RowsRun
{
	int64 first;
	ItemPointerData tid; /* of the first row */
	uint16 length;
} RowsRun;

struct RowsEntries
{
	Oid index;
	AttrNumber attnum; /* of the table */
	int16 length;	   /* of an integer: 2, 4 or 8 bytes */
	int64 step;
	int64 last;
	bool usable; /* every row is in a run, and the integers ascend */
	uint64 nrows;
	uint64 nruns;
	uint64 room; /* runs allocated */
	RowsRun *runs;
};

#endif /* POC_ROWS_WRITE_INDEX_ENTRIES_H */
