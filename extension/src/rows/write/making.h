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
#include "rows/plan/trial.h"

typedef struct RowsElders RowsElders;

/* The values of a row that the search may come back to. */
typedef struct RowsCopy
{
	Datum *values;
	bool *isnull;
} RowsCopy;

/* State of making rows from their numbers. */
typedef struct RowsMaker
{
	RowsPlan *plan;
	EState *estate; /* for defaults and checks */
	ExprContext *econtext;
	TupleTableSlot *check_slot;
	RowsTrial *trial;	/* of the conditions; NULL: there are none */
	bool catches;		/* may a condition raise an error about the data? */
	RowsCheck **checks; /* what the search evaluates; set when it first runs */
	int nchecks;
	int searches;	/* for the row so far */
	RowsCopy first; /* of the row, when the search begins */
	RowsCopy saved; /* of the row, while the search tries a change */
	RowsCopy other; /* ... and one that it may go on from */
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

/* sequence_taken.c */
extern void rows_find_taken(RowsPlan *plan, RowsColumn *column, int64 from);
extern bool rows_is_taken(const RowsColumn *column, int64 number);

/* The part of a row's ordinal that a unique column shows. */
static inline uint64
rows_counted_part(const RowsColumn *column, uint64 row, int attempt)
{
	const RowsUnique *unique = column->counted;
	uint64 ordinal = unique->base + row;

	if (unlikely(unique->ordinals != NULL))
		ordinal = unique->ordinals[Min(ordinal, unique->capacity - 1)];
	else
		ordinal = ordinal * unique->stride + Min((uint64) attempt, unique->stride - 1);
	return ordinal / column->divisor % column->radix;
}

#endif /* POC_ROWS_WRITE_MAKING_H */
