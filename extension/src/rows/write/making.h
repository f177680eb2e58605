/*-------------------------------------------------------------------------
 *
 * making.h
 *	  The state of making rows from their numbers.
 *
 *-------------------------------------------------------------------------
 */
#ifndef POC_ROWS_WRITE_MAKING_H
#define POC_ROWS_WRITE_MAKING_H

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

/* sequence.c */
extern void rows_check_sequences(RowsPlan *plan, uint64 nrows);
extern Datum rows_next_in_sequence(RowsColumn *column, uint64 wanted, RowsArena *arena);

/* The part of a row's ordinal that a unique column shows. */
static inline uint64
rows_counted_part(const RowsColumn *column, uint64 row, int attempt)
{
	const RowsUnique *unique = column->counted;

	if ((uint64) attempt >= unique->stride)
		attempt = 0;
	if (unlikely(unique->ordinals != NULL))
		return unique->ordinals[unique->base + row] / column->divisor % column->radix;
	return ((unique->base + row) * unique->stride + attempt) / column->divisor % column->radix;
}

#endif /* POC_ROWS_WRITE_MAKING_H */
