/*-------------------------------------------------------------------------
 *
 * refuse_row.c
 *	  The message when no row satisfies the conditions of a table: the condition, what
 *	  was tried, and the options that help.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/sysattr.h"
#include "lib/stringinfo.h"
#include "nodes/bitmapset.h"
#include "nodes/makefuncs.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/ruleutils.h"

#include "base/compat.h"
#include "rows/value/type.h"
#include "rows/write/refuse_row.h"

static RowsCheck *whole_constraint(RowsPlan *plan, RowsCheck *failed);
static void describe(RowsPlan *plan, RowsColumn *column, StringInfo fixed, StringInfo free);
static char *advise(RowsPlan *plan, RowsCheck *failed);

void
rows_refuse_row(RowsPlan *plan, RowsCheck *failed)
{
	const char *table = RelationGetRelationName(plan->rel);
	RowsCheck *whole = whole_constraint(plan, failed);
	char *condition = deparse_expression((Node *) whole->expr,
										 deparse_context_for(table, RelationGetRelid(plan->rel)),
										 false, false);
	StringInfoData fixed;
	StringInfoData free;
	int member = -1;

	initStringInfo(&fixed);
	initStringInfo(&free);
	while ((member = bms_next_member(whole->attributes, member)) >= 0)
	{
		AttrNumber attnum = member + FirstLowInvalidHeapAttributeNumber;

		if (attnum > 0)
			describe(plan, &plan->columns[attnum - 1], &fixed, &free);
	}
	if (fixed.len > 0)
		appendStringInfo(&free, "%sgiven: %s", free.len > 0 ? "; " : "", fixed.data);
	ereport(ERROR,
			(errcode(ERRCODE_CHECK_VIOLATION),
			 errmsg("no row found that satisfies constraint \"%s\" of table \"%s\"", failed->name,
					table),
			 errdetail("The condition %s rejected each of %d rows and what was tried to mend them. "
					   "Columns: %s.",
					   condition, ROWS_MAX_ATTEMPTS, free.data),
			 errhint("%s", advise(plan, whole)), errtableconstraint(plan->rel, failed->name)));
}

/* All conditions that one constraint joins by AND: it depends on chance which of them failed. */
static RowsCheck *
whole_constraint(RowsPlan *plan, RowsCheck *failed)
{
	RowsCheck *whole = palloc0(sizeof(RowsCheck));
	List *conditions = NIL;
	ListCell *cell;

	foreach (cell, plan->checks)
	{
		RowsCheck *check = lfirst(cell);

		if (strcmp(check->name, failed->name) != 0)
			continue;
		conditions = lappend(conditions, check->expr);
		whole->attributes = bms_add_members(whole->attributes, check->attributes);
	}
	if (conditions == NIL)
		return failed;
	whole->expr = make_ands_explicit(conditions);
	return whole;
}

/* Which columns were tried with other values, and which had the values they had. */
static void
describe(RowsPlan *plan, RowsColumn *column, StringInfo fixed, StringInfo free)
{
	const char *name = quote_identifier(
		NameStr(TupleDescAttr(RelationGetDescr(plan->rel), column->attnum - 1)->attname));
	const char *why = NULL;

	switch (column->kind)
	{
		case ROWS_COLUMN_KEY:
			why = "counted";
			break;
		case ROWS_COLUMN_DEFAULT:
			why = "its default";
			break;
		case ROWS_COLUMN_SEQUENCE:
			why = "from a sequence";
			break;
		case ROWS_COLUMN_FOREIGN:
		case ROWS_COLUMN_ITSELF:
			why = "a foreign key";
			break;
		case ROWS_COLUMN_NULL:
			why = "null";
			break;
		default:
			if (column->shaped)
				why = "by its options";
			else if (column->planned)
				why = "a foreign key";
			break;
	}
	if (why != NULL)
		appendStringInfo(fixed, "%s%s (%s)", fixed->len > 0 ? ", " : "", name, why);
	else
		appendStringInfo(free, "%s%s", free->len > 0 ? ", " : "", name);
}

/* The options that shape the columns of the condition. */
static char *
advise(RowsPlan *plan, RowsCheck *failed)
{
	StringInfoData advice;
	int member = -1;
	bool nullable = false;
	bool defaults = false;
	const char *name = NULL;

	while ((member = bms_next_member(failed->attributes, member)) >= 0)
	{
		AttrNumber attnum = member + FirstLowInvalidHeapAttributeNumber;
		Form_pg_attribute attribute;

		if (attnum <= 0)
			continue;
		attribute = TupleDescAttr(RelationGetDescr(plan->rel), attnum - 1);
		if (name == NULL || !plan->columns[attnum - 1].planned)
			name = NameStr(attribute->attname);
		/* nulls of the other columns have been tried */
		nullable |= !attribute->attnotnull && !plan->columns[attnum - 1].bounds.not_null &&
					(plan->columns[attnum - 1].shaped ||
					 plan->columns[attnum - 1].kind != ROWS_COLUMN_RANDOM);
		defaults |= plan->columns[attnum - 1].kind == ROWS_COLUMN_DEFAULT;
	}
	initStringInfo(&advice);
	if (name == NULL)
		appendStringInfoString(&advice,
							   "No column has an influence on it; drop the constraint for the time of the load.");
	else
		appendStringInfo(&advice,
						 "Give values that fit by the option {\"columns\": {\"%s\": {\"values\": [...]}}}, "
						 "or by \"pattern\", \"min\" and \"max\"",
						 name);
	if (name != NULL && defaults)
		appendStringInfoString(&advice, ", or use no default by \"default\": false");
	if (name != NULL && nullable)
		appendStringInfoString(&advice, ", or nulls by \"null_fraction\"");
	if (name != NULL)
		appendStringInfoChar(&advice, '.');
	return advice.data;
}
