/*-------------------------------------------------------------------------
 *
 * rights.c
 *	  Privileges that a role needs before its rows are made: INSERT, and SELECT on
 *	  unique columns whose values are counted.
 *
 * Counting continues after the last value in the table, so generated rows reveal that
 * value.  They must never reveal more than a SELECT of the caller would.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_class.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/rls.h"

#include "base/compat.h"
#include "rows/plan/parts.h"
#include "rows/plan/rights.h"
#include "rows/plan/source_column.h"

static void require_inserted_columns(RowsPlan *plan);
static void require_counted_columns(RowsPlan *plan, RowsUnique *unique);
pg_noreturn static void refuse_counting(RowsPlan *plan, RowsUnique *unique, Bitmapset *columns);
static char *names_of(Relation rel, Bitmapset *columns);
static char *qualified_name(Oid relid);

/* Require INSERT on any column; the columns written are checked later. */
void
rows_require_insert(Oid relid, Oid role)
{
	if (pg_class_aclcheck(relid, role, ACL_INSERT) == ACLCHECK_OK ||
		pg_attribute_aclcheck_all(relid, role, ACL_INSERT, ACLMASK_ANY) == ACLCHECK_OK)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 errmsg("permission denied for table %s", get_rel_name(relid)),
			 errdetail("Filling a table needs the INSERT privilege on the columns it writes."),
			 errhint("The owner can grant it: GRANT INSERT ON %s TO %s;", qualified_name(relid),
					 quote_identifier(GetUserNameFromId(role, false)))));
}

/* The columns that the role may SELECT in all rows. */
Bitmapset *
rows_readable_columns(Relation rel, Oid role)
{
	Oid relid = RelationGetRelid(rel);
	bool all = pg_class_aclcheck(relid, role, ACL_SELECT) == ACLCHECK_OK;
	Bitmapset *result = NULL;

	if (check_enable_rls(relid, role, true) == RLS_ENABLED)
		return NULL;
	for (AttrNumber attnum = 1; attnum <= RelationGetDescr(rel)->natts; attnum++)
	{
		if (TupleDescAttr(RelationGetDescr(rel), attnum - 1)->attisdropped)
			continue;
		if (all || pg_attribute_aclcheck(relid, attnum, role, ACL_SELECT) == ACLCHECK_OK)
			result = bms_add_member(result, attnum);
	}
	return result;
}

/* Check all that can be known before taking a lock that others would notice. */
void
rows_require_rights(RowsPlan *plan)
{
	require_inserted_columns(plan);
	rows_require_readable_keys(plan);
}

/* Check what the executor checks too, but earlier. */
static void
require_inserted_columns(RowsPlan *plan)
{
	Oid relid = RelationGetRelid(plan->target);

	if (pg_class_aclcheck(relid, plan->call.caller, ACL_INSERT) == ACLCHECK_OK)
		return;
	for (int i = 0; i < RelationGetDescr(plan->target)->natts; i++)
	{
		AttrNumber source = rows_source_column(plan, i, false);

		if (source != InvalidAttrNumber && plan->columns[source - 1].kind != ROWS_COLUMN_NULL &&
			pg_attribute_aclcheck(relid, i + 1, plan->call.caller, ACL_INSERT) != ACLCHECK_OK)
			aclcheck_error(ACLCHECK_NO_PRIV, get_relkind_objtype(plan->target->rd_rel->relkind),
						   RelationGetRelationName(plan->target));
	}
}

/* Workers read no values, as poc_fill() has counted; the executor reads an extension's tables. */
void
rows_require_readable_keys(RowsPlan *plan)
{
	char relkind = plan->rel->rd_rel->relkind;
	ListCell *cell;

	if (rows_bases_are_given(plan) || plan->manager != NULL ||
		(relkind != RELKIND_RELATION && relkind != RELKIND_PARTITIONED_TABLE))
		return;
	foreach (cell, plan->uniques)
		require_counted_columns(plan, lfirst(cell));
}

static void
require_counted_columns(RowsPlan *plan, RowsUnique *unique)
{
	Bitmapset *columns = NULL;

	for (int i = 0; i < unique->ncolumns; i++)
	{
		RowsColumn *column = unique->columns[i];

		if (column->kind != ROWS_COLUMN_FOREIGN)
			columns = bms_add_member(columns, column->attnum);
		else
		{
			for (int j = 0; j < column->foreign->ncolumns; j++)
				columns = bms_add_member(columns, column->foreign->attnums[j]);
		}
	}
	if (!bms_is_subset(columns, plan->readable))
		refuse_counting(plan, unique, bms_difference(columns, plan->readable));
}

static void
refuse_counting(RowsPlan *plan, RowsUnique *unique, Bitmapset *columns)
{
	Oid relid = RelationGetRelid(plan->rel);
	char *names = names_of(plan->rel, columns);

	if (check_enable_rls(relid, plan->call.caller, true) == RLS_ENABLED)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("cannot count values that are unique in \"%s\" of table \"%s\"",
						unique->name, RelationGetRelationName(plan->rel)),
				 errdetail(
					 "Counting goes on after those in the table, and row-level security hides rows of it from you."),
				 errhint("Give one of its columns (%s) a DEFAULT that draws from a sequence, or load as a role with BYPASSRLS.",
						 names)));
	ereport(ERROR,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 errmsg("permission denied for table %s", RelationGetRelationName(plan->rel)),
			 errdetail("Values that are unique in \"%s\" are counted on from those in the table, which needs the SELECT privilege on its columns.",
					   unique->name),
			 errhint("The owner can grant it: GRANT SELECT (%s) ON %s TO %s; or give a column of the key a DEFAULT that draws from a sequence.",
					 names, qualified_name(relid),
					 quote_identifier(GetUserNameFromId(plan->call.caller, false)))));
}

static char *
names_of(Relation rel, Bitmapset *columns)
{
	StringInfoData names;
	int attnum = -1;

	initStringInfo(&names);
	while ((attnum = bms_next_member(columns, attnum)) >= 0)
		appendStringInfo(&names, "%s%s", names.len > 0 ? ", " : "",
						 quote_identifier(
							 NameStr(TupleDescAttr(RelationGetDescr(rel), attnum - 1)->attname)));
	return names.data;
}

static char *
qualified_name(Oid relid)
{
	return quote_qualified_identifier(get_namespace_name(get_rel_namespace(relid)),
									  get_rel_name(relid));
}
