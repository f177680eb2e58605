/*-------------------------------------------------------------------------
 *
 * prefer.h
 *	  The choice of the generator of one column, while it is made.
 *
 * prefer.c makes it.  prefer_pattern.c tells it which generators of strings there are,
 * prefer_sampling.c how many of their values the conditions of the column accept.
 *
 *-------------------------------------------------------------------------
 */
#ifndef POC_ROWS_PLAN_PREFER_H
#define POC_ROWS_PLAN_PREFER_H

#include "catalog/pg_attribute.h"
#include "nodes/execnodes.h"

#include "rows/plan/parts.h"
#include "rows/plan/trial.h"
#include "rows/value/arena.h"
#include "rows/value/candidate.h"

/* What is known of the column; row and arena are those of all columns. */
typedef struct RowsChoosing
{
	RowsPlan *plan;
	RowsColumn *column;
	Form_pg_attribute attribute;
	EState *estate;
	RowsTrial *trial;
	List *states; /* of ExprState: the conditions of the column alone */
	RowsMention *mention;
	bool counted; /* is the column unique? */
	Datum *values;
	bool *isnull;
	RowsArena *arena;
} RowsChoosing;

/* prefer_sampling.c */
/* Values that show how much of what a generator makes is accepted. */
#define ROWS_SAMPLES 16
extern int rows_count_accepted(RowsChoosing *choosing, const RowsValue *value);
extern RowsValue *rows_learn_form(RowsChoosing *choosing, List *generators);
extern RowsValue *rows_pool_of(RowsChoosing *choosing, List *generators);

/* prefer_pattern.c */
extern void rows_follow_pattern(RowsChoosing *choosing);
extern void rows_add_texts(RowsChoosing *choosing, List **list);

#endif /* POC_ROWS_PLAN_PREFER_H */
