/*-------------------------------------------------------------------------
 *
 * maker.h
 *	  Turns row numbers into rows.
 *
 *-------------------------------------------------------------------------
 */
#ifndef POC_ROWS_WRITE_MAKER_H
#define POC_ROWS_WRITE_MAKER_H

#include "nodes/execnodes.h"

#include "rows/plan/parts.h"

typedef struct RowsElders RowsElders;

/* State of making rows from their numbers. */
typedef struct RowsMaker
{
	RowsPlan *plan;
	EState *estate; /* for defaults and checks */
	ExprContext *econtext;
	TupleTableSlot *check_slot;
	RowsArena arena;
	RowsElders *elders; /* of a table that refers to itself, or NULL */
	bool dry;			/* do not draw from sequences */
	uint64 end;			/* number after the last row */
	uint64 row;			/* for the error context */
	RowsColumn *column;
} RowsMaker;

extern RowsMaker *rows_make_maker(RowsPlan *plan, EState *estate, uint64 end);
extern void rows_make_row(RowsMaker *maker, uint64 row, Datum *values, bool *isnull);
extern void rows_reset_maker(RowsMaker *maker);
extern bool rows_key_ahead(RowsMaker *maker, RowsColumn *column, uint64 row, Datum *value);
extern void rows_error_context(void *maker);

/* sequence.c */
extern void rows_check_sequences(RowsPlan *plan, uint64 nrows);
extern Datum rows_next_in_sequence(RowsColumn *column, uint64 wanted, RowsArena *arena);

#endif /* POC_ROWS_WRITE_MAKER_H */
