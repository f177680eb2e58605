/*-------------------------------------------------------------------------
 *
 * bounds.h
 *	  What is known about the admissible values of a column.
 *
 *-------------------------------------------------------------------------
 */
#ifndef POC_ROWS_VALUE_BOUNDS_H
#define POC_ROWS_VALUE_BOUNDS_H

#include "nodes/primnodes.h"

/*
 * What CHECK constraints and options say about the admissible values of a
 * column.  Constants stay in their own type.
 */
typedef struct RowsBound
{
	Const *constant;
	bool open; /* excludes the constant itself */
} RowsBound;

/* The table whose column the values are for; what its names suggest may depend on it. */
typedef struct RowsSubject
{
	const char *table;
	int ncolumns;
	const char **columns;
	int64 now; /* as a timestamp: the start of the day of the call, or the option "now" */
} RowsSubject;

/* column ~ '...', column LIKE '...' */
typedef struct RowsPatternBound
{
	const char *text;
	int kind; /* RowsPatternKind */
} RowsPatternBound;

typedef struct RowsBounds
{
	const RowsSubject *subject; /* NULL: unknown */
	const char *column;			/* its name; NULL: none */

	List *lows;		/* of RowsBound */
	List *highs;	/* of RowsBound */
	List *choices;	/* of Const; NIL: no list */
	List *patterns; /* of RowsPatternBound */
	int min_length; /* in characters; -1: unknown */
	int max_length;
	bool not_null;
	bool may_be_empty; /* set is_empty instead of raising an error */
	bool is_empty;
} RowsBounds;

/* bounds.c */
extern void rows_init_bounds(RowsBounds *bounds);
extern void rows_no_value(Oid type, RowsBounds *bounds);

/* condition.c */
extern bool rows_read_condition(Node *node, AttrNumber attnum, RowsBounds *bounds);

/* others_code.c */
extern bool rows_runs_others(Node *node);
extern bool rows_reads_domain(Oid type);

/* expression.c */
extern bool rows_own_code_only(bool only);
extern bool rows_counts_beyond(Node *node, int *nnodes, int most);
extern bool rows_may_run(Node *node);
extern bool rows_may_try(Node *node);
extern bool rows_may_read(Oid type);
extern Node *rows_simplify(Node *node);
extern bool rows_is_subject(Node *node, AttrNumber attnum);
extern Const *rows_constant_of(Node *node);

/* condition_pattern.c */
extern List *rows_add_patterns(List *patterns, Node *comparison, Const *constant);
extern RowsPatternBound *rows_read_pattern(Node *condition, AttrNumber attnum);

#endif /* POC_ROWS_VALUE_BOUNDS_H */
