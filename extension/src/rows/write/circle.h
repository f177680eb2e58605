/*-------------------------------------------------------------------------
 *
 * circle.h
 *	  Tables that refer to each other: keys that are promised, and keys that are set later.
 *
 *-------------------------------------------------------------------------
 */
#ifndef POC_ROWS_WRITE_CIRCLE_H
#define POC_ROWS_WRITE_CIRCLE_H

#include "rows/plan/parts.h"

extern void rows_promise(RowsPlan *plan, RowsKey *key, uint64 nrows);
extern char *rows_table_of(Oid relid);
extern void rows_set_later(RowsPlan *plan, RowsLater *later);

/* verify_references.c */
extern void rows_verify(RowsCircle *circle, Oid parent);

#endif /* POC_ROWS_WRITE_CIRCLE_H */
