/*-------------------------------------------------------------------------
 *
 * may_evaluate.c
 *	  Which expressions of a table a plan may evaluate.
 *
 * An INSERT runs the functions of its CHECKs, domains and indexes with the rights of the
 * caller, so a load may do so in advance.  Who only asks what a load would do must not run
 * other people's functions, nor those of PostgreSQL's that change something.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/compat.h"
#include "rows/plan/parts.h"
#include "rows/plan/steps.h"
#include "rows/plan/trial.h"

bool
rows_may_evaluate(RowsPlan *plan, Node *expression)
{
	return !plan->call.explaining || rows_is_built_in(expression);
}
