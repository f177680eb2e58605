/*-------------------------------------------------------------------------
 *
 * policy.c
 *	  Conditions that row-level security puts on rows that a role inserts.
 *
 * They only shape the rows; PostgreSQL itself enforces the policies.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/sysattr.h"
#include "catalog/pg_authid.h"
#include "nodes/makefuncs.h"
#include "optimizer/optimizer.h"
#include "rewrite/rowsecurity.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/rel.h"
#include "utils/rls.h"

#include "base/compat.h"
#include "rows/plan/parents.h"
#include "rows/plan/steps.h"

static bool applies(RowSecurityPolicy *policy, char command, Oid role);

/* Conditions on new rows: all restrictive policies, and one permissive policy. */
List *
rows_policy_conditions(Relation rel, Oid role)
{
	List *conditions = NIL;
	List *permissive = NIL;
	bool unknown = false;
	ListCell *cell;

	if (rel->rd_rsdesc == NULL || check_enable_rls(RelationGetRelid(rel), role, true) != RLS_ENABLED)
		return NIL;

	foreach (cell, rel->rd_rsdesc->policies)
	{
		RowSecurityPolicy *policy = lfirst(cell);
		Expr *condition = policy->with_check_qual != NULL ? policy->with_check_qual : policy->qual;

		if (!applies(policy, ACL_INSERT_CHR, role))
			continue;
		if (condition == NULL || policy->hassublinks)
			unknown |= policy->permissive;
		else if (policy->permissive)
			permissive = lappend(permissive, copyObject(condition));
		else
			conditions = lappend(conditions, copyObject(condition));
	}
	if (permissive != NIL && !unknown)
		conditions = lappend(conditions, list_length(permissive) == 1 ? linitial(permissive)
																	  : make_orclause(permissive));
	return conditions;
}

/* The policies that decide which rows the role may insert, and the columns that they speak of. */
void
rows_name_policies(Relation rel, Oid role, StringInfo names, StringInfo columns)
{
	Bitmapset *attributes = NULL;
	int member = -1;
	ListCell *cell;

	foreach (cell, rel->rd_rsdesc->policies)
	{
		RowSecurityPolicy *policy = lfirst(cell);

		if (!applies(policy, ACL_INSERT_CHR, role))
			continue;
		appendStringInfo(names, "%s\"%s\"", names->len > 0 ? ", " : "", policy->policy_name);
		pull_varattnos((Node *) (policy->with_check_qual != NULL ? policy->with_check_qual
																 : policy->qual),
					   1, &attributes);
	}
	while ((member = bms_next_member(attributes, member)) >= 0)
	{
		AttrNumber attnum = member + FirstLowInvalidHeapAttributeNumber;

		if (attnum > 0)
			appendStringInfo(columns, "%s%s", columns->len > 0 ? ", " : "",
							 NameStr(TupleDescAttr(RelationGetDescr(rel), attnum - 1)->attname));
	}
}

/* Does a SELECT of the role run code of others, a query, or what changes something, to hide rows? */
bool
rows_policies_run_others(Relation rel, Oid role)
{
	ListCell *cell;

	foreach (cell, rel->rd_rsdesc->policies)
	{
		RowSecurityPolicy *policy = lfirst(cell);

		if (applies(policy, ACL_SELECT_CHR, role) &&
			(policy->hassublinks || rows_runs_others((Node *) policy->qual) ||
			 contain_volatile_functions((Node *) policy->qual)))
			return true;
	}
	return false;
}

static bool
applies(RowSecurityPolicy *policy, char command, Oid role)
{
	Oid *roles = (Oid *) ARR_DATA_PTR(policy->roles);

	if (policy->polcmd != '*' && policy->polcmd != command)
		return false;
	for (int i = 0; i < ARR_DIMS(policy->roles)[0]; i++)
	{
		if (roles[i] == ACL_ID_PUBLIC || has_privs_of_role(role, roles[i]))
			return true;
	}
	return false;
}
