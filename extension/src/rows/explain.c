/*-------------------------------------------------------------------------
 *
 * explain.c
 *	  poc_explain_rows(): what each column would get, and by which path.
 *
 * This function must never write or draw from a sequence.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_class.h"
#include "funcapi.h"
#include "mb/pg_wchar.h"
#include "nodes/nodes.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/ruleutils.h"
#include "utils/tuplestore.h"

#include "base/compat.h"
#include "rows/generate.h"
#include "rows/plan/columns.h"
#include "rows/plan/options.h"
#include "rows/plan/parts.h"
#include "rows/plan/steps.h"
#include "rows/plan/target.h"
#include "rows/value/bounds.h"
#include "rows/write/indexes.h"

/* Bytes of a pattern that the output shows. */
#define MOST_DETAIL 36

static void explain(ReturnSetInfo *result, Relation target, RowsPlan *plan);
static void explain_path(RowsPlan *plan, Datum *values, bool *isnull);
static bool explain_indexes(RowsPlan *plan, Datum *values);
static const char *clip(const char *detail);
static void explain_column(RowsPlan *plan, RowsColumn *column, Datum *values, bool *isnull);

PG_FUNCTION_INFO_V1(poc_explain_rows);

/* poc_explain_rows(target regclass, options jsonb): (column_name, type, generator, detail) */
Datum
poc_explain_rows(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	Relation target;
	RowsCall call = {.explaining = true};
	RowsOptions *options;
	bool before;

	if (PG_ARGISNULL(1))
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("options must not be null"),
						errhint("Leave them out, or give '{}'.")));
	target = rows_open_target(PG_ARGISNULL(0) ? rows_default_target() : PG_GETARG_OID(0), false);
	options = rows_parse_options(PG_GETARG_JSONB_P(1));
	InitMaterializedSRF(fcinfo, 0);
	before = rows_own_code_only(true);
	PG_TRY();
	{
		explain(result, target, rows_make_plan(target, 0, options, &call));
	}
	PG_FINALLY();
	{
		rows_own_code_only(before);
	}
	PG_END_TRY();
	return (Datum) 0;
}

static void
explain(ReturnSetInfo *result, Relation target, RowsPlan *plan)
{
	Datum values[4];
	bool isnull[4];

	memset(isnull, false, sizeof(isnull));
	explain_path(plan, values, isnull);
	tuplestore_putvalues(result->setResult, result->setDesc, values, isnull);
	if (explain_indexes(plan, values))
		tuplestore_putvalues(result->setResult, result->setDesc, values, isnull);

	/* types are named as the caller finds them */
	rows_act_as_caller(plan);
	for (int i = 0; i < RelationGetDescr(target)->natts; i++)
	{
		AttrNumber source = plan->view_columns != NULL ? plan->view_columns[i] : i + 1;

		if (TupleDescAttr(RelationGetDescr(target), i)->attisdropped || source <= 0)
			continue;
		memset(isnull, false, sizeof(isnull));
		explain_column(plan, &plan->columns[source - 1], values, isnull);
		values[0] = CStringGetTextDatum(NameStr(TupleDescAttr(RelationGetDescr(target), i)->attname));
		tuplestore_putvalues(result->setResult, result->setDesc, values, isnull);
	}
	rows_close_plan(plan);
}

/* The first line describes the whole table. */
static void
explain_path(RowsPlan *plan, Datum *values, bool *isnull)
{
	StringInfoData detail;
	const char *last = NULL;
	ListCell *cell;

	initStringInfo(&detail);
	appendStringInfoString(&detail, plan->path_reason);
	foreach (cell, plan->checks)
	{
		const char *name = ((RowsCheck *) lfirst(cell))->name;

		/* the conditions of one constraint follow each other */
		if (last == NULL || strcmp(last, name) != 0)
			appendStringInfo(&detail, "\n\"%s\" is tried on each row", name);
		last = name;
	}

	isnull[0] = true;
	values[0] = (Datum) 0;
	values[1] = CStringGetTextDatum("table");
	values[2] = CStringGetTextDatum(rows_path_name(plan->path));
	values[3] = CStringGetTextDatum(detail.data);
}

/* The second line describes its indexes, if it has any. */
static bool
explain_indexes(RowsPlan *plan, Datum *values)
{
	const char *reason;
	const char *when = rows_explain_indexes(plan, &reason);

	if (when == NULL)
		return false;
	values[1] = CStringGetTextDatum("indexes");
	values[2] = CStringGetTextDatum(when);
	values[3] = CStringGetTextDatum(reason);
	return true;
}

/* Cuts a detail so that a line of the output stays readable. */
static const char *
clip(const char *detail)
{
	int length;
	int clipped;

	if (detail == NULL)
		return NULL;
	length = strlen(detail);
	clipped = pg_mbcliplen(detail, length, MOST_DETAIL);
	return clipped < length ? psprintf("%.*s...", clipped, detail) : detail;
}

static void
explain_column(RowsPlan *plan, RowsColumn *column, Datum *values, bool *isnull)
{
	Form_pg_attribute attribute = TupleDescAttr(RelationGetDescr(plan->rel), column->attnum - 1);
	const char *generator = "";
	const char *detail = NULL;

	switch (column->kind)
	{
		case ROWS_COLUMN_NOTHING:
			generator = "computed";
			detail = "PostgreSQL computes it from other columns";
			break;
		case ROWS_COLUMN_FOLLOWING:
			generator = "computed";
			detail = clip(deparse_expression(column->follows,
											 deparse_context_for(RelationGetRelationName(plan->rel),
																 RelationGetRelid(plan->rel)),
											 false, false));
			break;
		case ROWS_COLUMN_NULL:
			generator = "null";
			detail = column->null_reason != NULL ? column->null_reason : "no value is known for it";
			break;
		case ROWS_COLUMN_DEFAULT:
		case ROWS_COLUMN_FALLBACK:
			generator = "default";
			detail = clip(deparse_expression((Node *) column->default_expr,
											 deparse_context_for(RelationGetRelationName(plan->rel),
																 RelationGetRelid(plan->rel)),
											 false, false));
			break;
		case ROWS_COLUMN_SEQUENCE:
			generator = "sequence";
			detail = get_rel_name(column->sequence);
			break;
		case ROWS_COLUMN_RANDOM:
			generator = column->value->name;
			detail = clip(column->value->detail);
			break;
		case ROWS_COLUMN_KEY:
			generator = "key";
			detail = psprintf("counts %s, unique in \"%s\"", column->value->name,
							  column->counted->name);
			break;
		case ROWS_COLUMN_FOREIGN:
			generator = "reference";
			if (column->foreign->join != NULL)
				detail = psprintf("part of one of " UINT64_FORMAT " sets of rows that agree",
								  column->foreign->nparents);
			else
				detail = psprintf("part of one of " UINT64_FORMAT " rows of %s",
								  column->foreign->nparents, get_rel_name(column->foreign->parent));
			break;
		case ROWS_COLUMN_ITSELF:
			generator = "reference";
			detail = "another of these rows, because the table is empty";
			break;
	}
	values[1] = CStringGetTextDatum(
		format_type_with_typemod(attribute->atttypid, attribute->atttypmod));
	values[2] = CStringGetTextDatum(generator);
	isnull[3] = (detail == NULL);
	values[3] = isnull[3] ? (Datum) 0 : CStringGetTextDatum(detail);
}
