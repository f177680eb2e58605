/*-------------------------------------------------------------------------
 *
 * evaluation.c
 *	  Which expressions of a table a plan may evaluate.
 *
 * An INSERT runs the functions of its CHECKs, domains and indexes with the rights of the
 * caller, so a load may do so in advance.  Who only asks what a load would do must not run
 * other people's functions.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/transam.h"
#include "nodes/nodeFuncs.h"

#include "base/compat.h"
#include "rows/plan/parts.h"
#include "rows/plan/steps.h"

static bool is_of_others(Oid funcid, void *context);
static bool contains_others(Node *node, void *context);

bool
rows_may_evaluate(RowsPlan *plan, Node *expression)
{
	return !plan->call.explaining || !contains_others(expression, NULL);
}

static bool
is_of_others(Oid funcid, void *context)
{
	return funcid >= FirstNormalObjectId;
}

/* A domain runs its CHECKs. */
static bool
contains_others(Node *node, void *context)
{
	if (node == NULL)
		return false;
	if (IsA(node, CoerceToDomain) || check_functions_in_node(node, is_of_others, NULL))
		return true;
	return expression_tree_walker(node, contains_others, NULL);
}
