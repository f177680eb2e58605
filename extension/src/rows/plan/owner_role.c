/*-------------------------------------------------------------------------
 *
 * owner_role.c
 *	  As whom code runs while somebody only asks what a load would do, and while referenced
 *	  rows are read.
 *
 * No function of others is called for a question, but PostgreSQL evaluates constant parts of
 * index expressions, statistics, partition keys and conditions of domains whenever it reads
 * these.  So it does as the owner of the table, as it does in ANALYZE and REINDEX; and of a
 * referenced table for a load too, as it does where an INSERT looks up a foreign key.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/relation.h"
#include "catalog/pg_class.h"
#include "catalog/pg_namespace.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/lsyscache.h"
#include "utils/rls.h"

#include "base/compat.h"
#include "rows/plan/parents.h"
#include "rows/plan/parts.h"
#include "rows/plan/steps.h"

static void act_as(RowsOwner *owner, Oid role, int flags);
static Oid role_for(Oid owner, Oid caller);
static bool may_select(ForeignKeyCacheInfo *key, Oid role);
static bool may_use_schema(ForeignKeyCacheInfo *key, Oid role);
pg_noreturn static void refuse_owner(Relation parent);
static void require_select(ForeignKeyCacheInfo *key, Oid caller);
static void refuse_others_policies(Relation rel, Oid caller);

/*
 * Until rows_act_as_caller(), or the end of the transaction; privileges stay the caller's.  For
 * who is not the owner's equal, that is the caller himself, as in an INSERT.
 */
void
rows_act_as_owner(RowsPlan *plan)
{
	act_as(&plan->owner, role_for(plan->rel->rd_rel->relowner, plan->call.caller), 0);
}

/* Does nothing if that is so already. */
void
rows_act_as_caller(RowsPlan *plan)
{
	rows_stop_acting(&plan->owner);
}

/*
 * The same for a query of a referenced table, which the caller must be allowed to read, and
 * for a load, too.  Row-level security hides rows from the caller alone.
 */
void
rows_act_as_parents_owner(RowsPlan *plan, ForeignKeyCacheInfo *key, RowsOwner *owner)
{
	Oid caller = plan->call.caller;
	Relation parent;

	memset(owner, 0, sizeof(*owner));
	require_select(key, caller);
	parent = relation_open(key->confrelid, AccessShareLock);
	if (check_enable_rls(key->confrelid, caller, true) == RLS_ENABLED)
	{
		/* a load runs what a SELECT of the caller runs */
		if (plan->call.explaining)
		{
			refuse_others_policies(parent, caller);
			act_as(owner, caller, 0);
		}
	}
	else
	{
		Oid role = role_for(parent->rd_rel->relowner, caller);

		if (role != caller && !(may_use_schema(key, role) && may_select(key, role)))
			refuse_owner(parent);
		if (role != caller || plan->call.explaining)
			act_as(owner, role, SECURITY_LOCAL_USERID_CHANGE | SECURITY_NOFORCE_RLS);
	}
	relation_close(parent, NoLock);
}

void
rows_stop_acting(RowsOwner *owner)
{
	if (!owner->acting)
		return;
	poc_stop_acting(&owner->before);
	owner->acting = false;
}

static void
act_as(RowsOwner *owner, Oid role, int flags)
{
	owner->before = poc_act_as(role, SECURITY_RESTRICTED_OPERATION | flags);
	poc_restrict_search_path();
	owner->acting = true;
}

/*
 * The caller's view may have brought conditions of the caller's, so only whoever may do all
 * that the owner may is helped; and nobody becomes a superuser by asking.
 */
static Oid
role_for(Oid owner, Oid caller)
{
	return has_privs_of_role(caller, owner) && (superuser_arg(caller) || !superuser_arg(owner))
			   ? owner
			   : caller;
}

/* May the role read all columns of the key? */
static bool
may_select(ForeignKeyCacheInfo *key, Oid role)
{
	bool may = true;

	if (pg_class_aclcheck(key->confrelid, role, ACL_SELECT) == ACLCHECK_OK)
		return true;
	for (int i = 0; i < key->nkeys; i++)
		may &= pg_attribute_aclcheck(key->confrelid, key->confkey[i], role, ACL_SELECT) ==
			   ACLCHECK_OK;
	return may;
}

static bool
may_use_schema(ForeignKeyCacheInfo *key, Oid role)
{
	return object_aclcheck(NamespaceRelationId, get_rel_namespace(key->confrelid), role,
						   ACL_USAGE) == ACLCHECK_OK;
}

static void
refuse_owner(Relation parent)
{
	ereport(ERROR,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 errmsg("cannot tell which rows of \"%s\" may be referred to",
					RelationGetRelationName(parent)),
			 errdetail("That table is read with the rights of its owner, role \"%s\", who may not read it.",
					   GetUserNameFromId(parent->rd_rel->relowner, false)),
			 errhint(
				 "GRANT SELECT on it, and USAGE on its schema, to its owner: an INSERT needs that as well.")));
}

/* What the query needs if the caller runs it */
static void
require_select(ForeignKeyCacheInfo *key, Oid caller)
{
	if (!may_use_schema(key, caller))
		aclcheck_error(ACLCHECK_NO_PRIV, OBJECT_SCHEMA,
					   get_namespace_name(get_rel_namespace(key->confrelid)));
	if (!may_select(key, caller))
		aclcheck_error(ACLCHECK_NO_PRIV, OBJECT_TABLE, get_rel_name(key->confrelid));
}

/* A query would run the policies with the caller's rights. */
static void
refuse_others_policies(Relation rel, Oid caller)
{
	if (rows_policies_run_others(rel, caller))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("cannot tell which rows of \"%s\" may be referred to",
						RelationGetRelationName(rel)),
				 errdetail(
					 "Its row-level security runs functions or queries of others, or volatile ones, which a question must not run with your rights."),
				 errhint("Load rows and roll back: a load runs what your SELECT on that table runs.")));
}
