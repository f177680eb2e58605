/*-------------------------------------------------------------------------
 *
 * insert_select.c
 *	  INSERT ... SELECT through the executor, for tables that only it may write to.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "executor/spi.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "base/compat.h"
#include "base/sibling.h"
#include "rows/plan/parts.h"
#include "rows/plan/source_column.h"
#include "rows/write/insert_select.h"

/* The plan of the running INSERT. */
static RowsPlan *writing = NULL;

static char *source_query(RowsPlan *plan, uint64 first, uint64 n, Jsonb *options, char **columns);

/* INSERT ... SELECT through the executor. */
uint64
rows_insert_by_query(RowsPlan *plan, uint64 first, uint64 n, Jsonb *options)
{
	char *columns;
	char *source;
	StringInfoData query;
	RowsPlan *outer = writing;
	volatile uint64 inserted = 0;

	source = source_query(plan, first, n, options, &columns);
	initStringInfo(&query);
	appendStringInfo(&query, "INSERT INTO %s",
					 quote_qualified_identifier(get_namespace_name(RelationGetNamespace(plan->target)),
												RelationGetRelationName(plan->target)));
	if (columns[0] != '\0')
		appendStringInfo(&query, " (%s)%s %s", columns,
						 plan->hierarchies != NIL ? " OVERRIDING SYSTEM VALUE" : "", source);
	else
		appendStringInfo(&query, " SELECT FROM pg_catalog.generate_series(1, " INT64_FORMAT ")",
						 (int64) n);

	writing = plan;
	PG_TRY();
	{
		SPI_connect();
		if (SPI_execute(query.data, false, 0) < 0)
			elog(ERROR, "INSERT through SPI failed: %s", SPI_result_code_string(SPI_result));
		inserted = SPI_processed;
		SPI_finish();
	}
	PG_FINALLY();
	{
		writing = outer;
	}
	PG_END_TRY();
	return inserted;
}

/*
 * What the source of the running INSERT must know of its call, to make the same rows.
 * False: it is the source of another query.
 */
bool
rows_call_of_query(Oid target, RowsCall *call)
{
	if (writing == NULL || RelationGetRelid(writing->target) != target)
		return false;
	*call = writing->call;
	call->writing = false;
	return true;
}

/* Builds a SELECT of rows first to first + n - 1.  *columns receives their column list. */
static char *
source_query(RowsPlan *plan, uint64 first, uint64 n, Jsonb *options, char **columns)
{
	StringInfoData query;
	StringInfoData names;
	bool first_column = true;

	initStringInfo(&query);
	initStringInfo(&names);
	appendStringInfoString(&query, "SELECT ");
	for (int i = 0; i < RelationGetDescr(plan->target)->natts; i++)
	{
		AttrNumber source = rows_source_column(plan, i, false);
		const char *separator = first_column ? "" : ", ";

		if (source == InvalidAttrNumber)
			continue;
		appendStringInfo(&query, "%s(source.r).%s", separator,
						 quote_identifier(NameStr(
							 TupleDescAttr(RelationGetDescr(plan->rel), source - 1)->attname)));
		appendStringInfo(&names, "%s%s", separator,
						 quote_identifier(
							 NameStr(TupleDescAttr(RelationGetDescr(plan->target), i)->attname)));
		first_column = false;
	}
	appendStringInfo(&query,
					 " FROM (SELECT " POC_INTERNAL_SCHEMA ".rows(NULL::%s, %s::pg_catalog.regclass, "
					 "'" INT64_FORMAT "'::pg_catalog.int8, '" INT64_FORMAT "'::pg_catalog.int8, "
					 "'" INT64_FORMAT
					 "'::pg_catalog.int8, %s::pg_catalog.jsonb) AS r OFFSET 0) AS source",
					 quote_qualified_identifier(get_namespace_name(RelationGetNamespace(plan->rel)),
												RelationGetRelationName(plan->rel)),
					 quote_literal_cstr(
						 quote_qualified_identifier(get_namespace_name(
														RelationGetNamespace(plan->target)),
													RelationGetRelationName(plan->target))),
					 (int64) first, (int64) n, (int64) plan->seed,
					 quote_literal_cstr(JsonbToCString(NULL, &options->root, VARSIZE(options))));
	*columns = names.data;
	return query.data;
}
