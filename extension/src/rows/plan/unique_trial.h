/*-------------------------------------------------------------------------
 *
 * unique_trial.h
 *	  Tries an ordinal of unique columns: which values it gives them, whether the CHECKs
 *	  accept these, and which other ordinal has the same key.
 *
 * A trial is a row outside of the table, on which many ordinals are tried one after the other.
 *
 *-------------------------------------------------------------------------
 */
#ifndef POC_ROWS_PLAN_UNIQUE_TRIAL_H
#define POC_ROWS_PLAN_UNIQUE_TRIAL_H

#include "rows/plan/trial.h"
#include "rows/value/arena.h"

/* What an ordinal is tried on. */
typedef struct RowsUniqueTrial
{
	RowsPlan *plan;
	RowsUnique *unique;
	EState *estate;
	RowsTrial *row;
	Datum *values;
	bool *isnull;
	RowsArena arena;
	List *checks;		 /* of ExprState */
	List *expressions;	 /* of ExprState: all keys of the index, if one is an expression */
	List *types;		 /* of the expressions */
	uint64 *seen;		 /* hashes of their values, and the place of each */
	uint32 *seen_places; /* ... */
	uint64 nseen;		 /* a power of 2 */
	bool distinct_nulls; /* is a key that has a null like no other? */
	uint32 no_place;
} RowsUniqueTrial;

/* checks, keys: expressions; n: how many ordinals at most are tried */
extern void rows_start_unique_trial(RowsUniqueTrial *trial, RowsPlan *plan, RowsUnique *unique,
									List *checks, List *keys, uint64 n);
extern void rows_end_unique_trial(RowsUniqueTrial *trial);
extern void rows_store_ordinal(RowsUniqueTrial *trial, uint64 ordinal);

/* Of the ordinal that is stored */
extern bool rows_ordinal_passes(RowsUniqueTrial *trial);
extern uint32 *rows_place_of_key(RowsUniqueTrial *trial);

#endif /* POC_ROWS_PLAN_UNIQUE_TRIAL_H */
