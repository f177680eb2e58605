/*-------------------------------------------------------------------------
 *
 * moves.h
 *	  What the search for a row may change to satisfy a condition.
 *
 *-------------------------------------------------------------------------
 */
#ifndef POC_ROWS_PLAN_MOVES_H
#define POC_ROWS_PLAN_MOVES_H

#include "rows/plan/parts.h"
#include "rows/value/candidate.h"

typedef enum RowsMoveKind
{
	ROWS_MOVE_NULL,		  /* the column becomes null */
	ROWS_MOVE_NULLS,	  /* some of the condition's nullable columns do */
	ROWS_MOVE_DRAW,		  /* another value of the column's own generator */
	ROWS_MOVE_CANDIDATE,  /* a value of a generator made for the condition */
	ROWS_MOVE_EXPRESSION, /* a value computed from the other columns */
	ROWS_MOVE_NEAR		  /* one near that */
} RowsMoveKind;

typedef struct RowsMove
{
	RowsMoveKind kind;
	RowsColumn *column;
	RowsValue *value; /* of candidates */
	Expr *expr;
	ExprState *state;

	/* in practice */
	int tries;
	int hits;
	int weight;
} RowsMove;

/* mention.c */
extern RowsMention *rows_read_mention(Node *condition);

/* mention_constant.c */
/* More do not help, and a long IN list has them. */
#define MOST_MENTIONED 200
extern bool rows_is_large(Node *node);
extern void rows_note_constant(RowsMention *mention, Const *constant);
extern void rows_note_elements(RowsMention *mention, Const *constant);
extern void rows_note_patterns(RowsMention *mention, Node *node);

/* mention_json.c */
extern void rows_note_jsonpath(RowsMention *mention, char *path);
extern void rows_note_path(RowsMention *mention, Node *subject, Node *key);
extern void rows_note_member(RowsMention *mention, Node *node);

/* equation.c */
extern List *rows_solve(Node *condition, RowsColumn *column, Oid type, int32 typmod);

/* arms.c */
extern List *rows_arms(Node *condition);

/* nullable_key.c */
extern bool rows_key_may_be_null(RowsPlan *plan, RowsColumn *column);

/* moves.c */
extern void rows_plan_moves(RowsPlan *plan);

#endif /* POC_ROWS_PLAN_MOVES_H */
