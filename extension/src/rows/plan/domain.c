/*-------------------------------------------------------------------------
 *
 * domain.c
 *	  Whether a column, and the domain that it may be of, take a null.
 *
 * What else a domain demands is a condition of the column (check.c).
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "executor/executor.h"
#include "utils/rel.h"
#include "utils/typcache.h"

#include "base/compat.h"
#include "rows/plan/parents.h"
#include "rows/plan/parts.h"
#include "rows/plan/steps.h"

static bool domain_takes_null(RowsPlan *plan, Oid type);

/* May the column be null, as far as is known? */
bool
rows_takes_null(RowsPlan *plan, AttrNumber attnum)
{
	Form_pg_attribute attribute = TupleDescAttr(RelationGetDescr(plan->rel), attnum - 1);

	if (attribute->attnotnull || plan->columns[attnum - 1].bounds.not_null)
		return false;
	return !DomainHasConstraints(attribute->atttypid, NULL) ||
		   domain_takes_null(plan, attribute->atttypid);
}

static bool
domain_takes_null(RowsPlan *plan, Oid type)
{
	DomainConstraintRef *domain = palloc0(sizeof(DomainConstraintRef));
	ExprContext *econtext = CreateStandaloneExprContext();
	bool takes = true;
	ListCell *cell;

	InitDomainConstraintRef(type, domain, CurrentMemoryContext, true);
	econtext->domainValue_isNull = true;
	foreach (cell, domain->constraints)
	{
		DomainConstraintState *constraint = lfirst(cell);

		if (constraint->constrainttype == DOM_CONSTRAINT_NOTNULL)
			takes = false;
		else if (rows_may_evaluate(plan, (Node *) constraint->check_expr))
			takes = takes && ExecCheck(constraint->check_exprstate, econtext);
	}
	FreeExprContext(econtext, true);
	return takes;
}
