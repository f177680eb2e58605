/*-------------------------------------------------------------------------
 *
 * domain.c
 *	  What the domain of a column adds, for values that no generator of the
 *	  domain has made: nulls, and values from rows of other tables.
 *
 * A load stores what it is given: a value of the base type must be tested here.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "executor/executor.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/typcache.h"

#include "base/compat.h"
#include "rows/plan/parents.h"
#include "rows/plan/parts.h"
#include "rows/plan/steps.h"

/* The constraints of a domain; NULL: the type has none. */
RowsDomain *
rows_open_domain(RowsPlan *plan, Oid type)
{
	RowsDomain *domain;

	if (!DomainHasConstraints(type, NULL))
		return NULL;
	domain = palloc0(sizeof(RowsDomain));
	domain->plan = plan;
	InitDomainConstraintRef(type, &domain->constraints, CurrentMemoryContext, true);
	domain->econtext = CreateStandaloneExprContext();
	return domain;
}

/* Does the domain take the value? */
bool
rows_domain_takes(RowsDomain *domain, Datum datum, bool isnull)
{
	ListCell *cell;
	bool passes = true;

	foreach (cell, domain->constraints.constraints)
	{
		DomainConstraintState *constraint = (DomainConstraintState *) lfirst(cell);

		if (constraint->constrainttype == DOM_CONSTRAINT_NOTNULL)
			passes &= !isnull;
		else if (rows_may_evaluate(domain->plan, (Node *) constraint->check_expr))
		{
			domain->econtext->domainValue_datum = datum;
			domain->econtext->domainValue_isNull = isnull;
			passes &= ExecCheck(constraint->check_exprstate, domain->econtext);
		}
	}
	ResetExprContext(domain->econtext);
	return passes;
}

/* May the column be null, as far as is known? */
bool
rows_takes_null(RowsPlan *plan, AttrNumber attnum)
{
	Form_pg_attribute attribute = TupleDescAttr(RelationGetDescr(plan->rel), attnum - 1);
	RowsDomain *domain;

	if (attribute->attnotnull || plan->columns[attnum - 1].bounds.not_null)
		return false;
	domain = rows_open_domain(plan, attribute->atttypid);
	return domain == NULL || rows_domain_takes(domain, (Datum) 0, true);
}
