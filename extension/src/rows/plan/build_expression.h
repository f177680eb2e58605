/*-------------------------------------------------------------------------
 *
 * build_expression.h
 *	  Builds calls of PostgreSQL's own functions and operators.
 *
 * Shared by what solves a condition for a column (equation.c) and what inverts its terms
 * (inverse.c): a solution consists of such calls.
 *
 *-------------------------------------------------------------------------
 */
#ifndef POC_ROWS_PLAN_BUILD_EXPRESSION_H
#define POC_ROWS_PLAN_BUILD_EXPRESSION_H

#include "nodes/nodes.h"

extern Node *rows_build_integer(int32 number);
extern Node *rows_build_call(Oid funcid, Oid type, Node *first, Node *second, Node *third,
							 Node *fourth);

/* NULL if PostgreSQL has no such operator, or an operand is NULL that it needs */
extern Node *rows_build_operation(const char *name, Node *left, Node *right);

#endif /* POC_ROWS_PLAN_BUILD_EXPRESSION_H */
