/*-------------------------------------------------------------------------
 *
 * bounds.h
 *	  What is known of a column's admissible values.
 *
 *-------------------------------------------------------------------------
 */
#ifndef POC_ROWS_VALUE_BOUNDS_H
#define POC_ROWS_VALUE_BOUNDS_H

#include "nodes/primnodes.h"

/*
 * What is known of a column's admissible values, from CHECK constraints and
 * from the options.  Constants stay in their own type.
 */
typedef struct RowsBound
{
	Const	   *constant;
	bool		open;			/* the constant itself is outside */
} RowsBound;

typedef struct RowsBounds
{
	List	   *lows;			/* of RowsBound */
	List	   *highs;			/* of RowsBound */
	List	   *choices;		/* of Const; NIL when there is no such list */
	int			min_length;		/* in characters; -1 when not known */
	int			max_length;
	bool		not_null;
	bool		may_be_empty;	/* then is_empty is set, instead of an error raised */
	bool		is_empty;
} RowsBounds;

/* bounds.c */
extern void rows_init_bounds(RowsBounds *bounds);
extern void rows_no_value(Oid type, RowsBounds *bounds);

/* condition.c */
extern bool rows_read_condition(Node *node, AttrNumber attnum, RowsBounds *bounds);

#endif							/* POC_ROWS_VALUE_BOUNDS_H */
