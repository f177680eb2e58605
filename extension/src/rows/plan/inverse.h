/*-------------------------------------------------------------------------
 *
 * inverse.h
 *	  Isolates a column in a term by the inverse of each operator and function around it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef POC_ROWS_PLAN_INVERSE_H
#define POC_ROWS_PLAN_INVERSE_H

#include "access/attnum.h"
#include "nodes/nodes.h"

/* Does the expression have the column in it?  Only then it can be isolated. */
extern bool rows_uses_column(Node *node, AttrNumber attnum);

/* The value of the column for which term equals other, which may share nodes with both; NULL if not known */
extern Node *rows_isolate(Node *term, Node *other, AttrNumber attnum);

#endif /* POC_ROWS_PLAN_INVERSE_H */
