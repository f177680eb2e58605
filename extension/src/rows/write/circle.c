/*-------------------------------------------------------------------------
 *
 * circle.c
 *	  Tables that refer to each other: keys that are promised, and keys that are set later.
 *
 * A promised key is one that a table will have: its rows are made without being written,
 * sequences drawn from.  The foreign key is deferred until the rows are there, or verified
 * when they are.  A key that was null is set by an UPDATE of the caller.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_class.h"
#include "executor/executor.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/resowner.h"

#include "base/compat.h"
#include "base/subtransaction.h"
#include "rows/plan/columns.h"
#include "rows/plan/options.h"
#include "rows/plan/parents.h"
#include "rows/plan/parts.h"
#include "rows/plan/target.h"
#include "rows/write/circle.h"
#include "rows/write/maker.h"
#include "rows/write/unique_start.h"

static void keep_keys(RowsPromise *promise, RowsPlan *parent, uint64 row, const Datum *values,
					  const bool *isnull);
static void defer(RowsKey *key);
static char *update_of(RowsPlan *plan, RowsLater *later);

/* Make the keys of rows that the referenced table will have. */
void
rows_promise(RowsPlan *plan, RowsKey *key, uint64 nrows)
{
	RowsOptions *options = rows_parse_options(
		DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum("{}"))));
	RowsCall call = {.writing = true, .promising = true, .circle = plan->call.circle};
	RowsPromise *promise = palloc0(sizeof(RowsPromise));
	RowsPlan *parent;
	RowsMaker *maker;
	EState *estate = CreateExecutorState();
	Datum *values;
	bool *isnull;

	parent = rows_make_plan(rows_open_target(key->info->confrelid, true), plan->seed, options, &call);
	rows_find_bases(parent, nrows);
	maker = rows_make_maker(parent, estate, nrows);
	promise->relid = key->info->confrelid;
	promise->nrows = nrows;
	promise->ncolumns = key->info->nkeys;
	promise->attnums = palloc(sizeof(AttrNumber) * promise->ncolumns);
	promise->values = palloc(sizeof(Datum) * Max(nrows, 1) * promise->ncolumns);
	for (int i = 0; i < promise->ncolumns; i++)
		promise->attnums[i] = key->info->confkey[i];
	values = palloc(sizeof(Datum) * parent->natts);
	isnull = palloc(sizeof(bool) * parent->natts);
	for (uint64 row = 0; row < nrows; row++)
	{
		CHECK_FOR_INTERRUPTS();
		rows_make_row(maker, row, values, isnull);
		keep_keys(promise, parent, row, values, isnull);
		rows_reset_maker(maker);
	}
	if (maker->check_slot != NULL)
		ExecDropSingleTupleTableSlot(maker->check_slot);
	FreeExecutorState(estate);
	rows_close_plan(parent);
	if (key->deferrable)
	{
		defer(key);
		promise->deferred = list_copy(key->constraints);
	}
	plan->call.circle->promises = lappend(plan->call.circle->promises, promise);
}

static void
keep_keys(RowsPromise *promise, RowsPlan *parent, uint64 row, const Datum *values, const bool *isnull)
{
	for (int i = 0; i < promise->ncolumns; i++)
	{
		int column = promise->attnums[i] - 1;
		Form_pg_attribute attribute = TupleDescAttr(RelationGetDescr(parent->rel), column);

		if (isnull[column])
			ereport(ERROR,
					(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
					 errmsg("cannot fill tables that refer to each other"),
					 errdetail("Column \"%s\" of table \"%s\" is a key and a foreign key in the same circle.",
							   NameStr(attribute->attname), RelationGetRelationName(parent->rel)),
					 errhint("Insert a first row into each of them.")));
		promise->values[row * promise->ncolumns + i] = datumCopy(values[column], attribute->attbyval,
																 attribute->attlen);
	}
}

/* The rows referred to come later in this transaction. */
static void
defer(RowsKey *key)
{
	ListCell *cell;

	SPI_connect();
	foreach (cell, key->constraints)
	{
		Oid relid = key->info->conrelid;
		char *name = quote_qualified_identifier(get_namespace_name(get_rel_namespace(relid)),
												get_constraint_name(lfirst_oid(cell)));

		if (SPI_execute(psprintf("SET CONSTRAINTS %s DEFERRED", name), false, 0) != SPI_OK_UTILITY)
			elog(ERROR, "could not defer constraint %u: %s", lfirst_oid(cell),
				 SPI_result_code_string(SPI_result));
	}
	SPI_finish();
}

/* Set a foreign key that had to be null at first.  It stays null if that fails, and a notice says so. */
void
rows_set_later(RowsPlan *plan, RowsLater *later)
{
	char *query = update_of(plan, later);
	PocLevel level = poc_transaction_level();

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(level.context);
	PG_TRY();
	{
		SPI_connect();
		if (SPI_execute(query, false, 0) != SPI_OK_UPDATE)
			elog(ERROR, "could not set foreign key %u: %s", later->key->info->conoid,
				 SPI_result_code_string(SPI_result));
		SPI_finish();
		ReleaseCurrentSubTransaction();
	}
	PG_CATCH();
	{
		ErrorData *error;

		MemoryContextSwitchTo(level.context);
		error = CopyErrorData();
		if (ERRCODE_TO_CATEGORY(error->sqlerrcode) ==
				ERRCODE_TO_CATEGORY(ERRCODE_OPERATOR_INTERVENTION) ||
			error->sqlerrcode == ERRCODE_QUERY_CANCELED)
			poc_rethrow_at(&level);
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
		MemoryContextSwitchTo(level.context);
		CurrentResourceOwner = level.owner;
		ereport(NOTICE,
				(errmsg("foreign key \"%s\" of table \"%s\" stays null",
						get_constraint_name(later->key->info->conoid), get_rel_name(later->relid)),
				 errdetail_internal("%s", error->message)));
	}
	PG_END_TRY();
	MemoryContextSwitchTo(level.context);
	CurrentResourceOwner = level.owner;
}

/*
 * Rows of this transaction that have a null there get a row to refer to, by their numbers.
 * Columns that something else has settled must agree.
 */
static char *
update_of(RowsPlan *plan, RowsLater *later)
{
	ForeignKeyCacheInfo *info = later->key->info;
	bool once = rows_is_unique_alone(plan, info, NULL) && later->relid == RelationGetRelid(plan->rel);
	StringInfoData set, keys, names, agree, shared, null;
	StringInfoData query;

	initStringInfo(&set);
	initStringInfo(&keys);
	initStringInfo(&names);
	initStringInfo(&agree);
	initStringInfo(&shared);
	initStringInfo(&null);
	initStringInfo(&query);
	for (int i = 0; i < info->nkeys; i++)
	{
		const char *name = quote_identifier(get_attname(later->relid, info->conkey[i], false));
		const char *key = quote_identifier(get_attname(info->confrelid, info->confkey[i], false));

		appendStringInfo(&keys, "%sp.%s AS k%d", i > 0 ? ", " : "", key, i);
		appendStringInfo(&names, "%sp.%s", i > 0 ? ", " : "", key);
		appendStringInfo(&null, "%sp.%s IS NOT NULL", i > 0 ? " AND " : "", key);
		if (later->set[i])
			appendStringInfo(&set, "%s%s = parents.k%d", set.len > 0 ? ", " : "", name, i);
		else
		{
			appendStringInfoString(&agree, " AND ");
			generate_operator_clause(&agree, psprintf("parents.k%d", i),
									 get_atttype(info->confrelid, info->confkey[i]),
									 info->conpfeqop[i], psprintf("c.%s", name),
									 get_atttype(later->relid, info->conkey[i]));
			appendStringInfo(&shared, "%sp.%s", shared.len > 0 ? ", " : "PARTITION BY ", key);
		}
	}
	appendStringInfo(&query,
					 "WITH parents AS (SELECT %s, pg_catalog.row_number() OVER (%s ORDER BY %s) OPERATOR(pg_catalog.-) 1 AS n,"
					 " pg_catalog.count(*) OVER (%s) AS of FROM %s AS p WHERE %s),"
					 " children AS (SELECT c.ctid AS id, c.tableoid AS part, pg_catalog.row_number() OVER (ORDER BY c.tableoid, c.ctid) OPERATOR(pg_catalog.-) 1 AS n"
					 " FROM %s AS c WHERE c.xmin OPERATOR(pg_catalog.=) '%u'::pg_catalog.xid",
					 keys.data, shared.data, names.data, shared.data,
					 rows_table_of(info->confrelid), null.data, rows_table_of(later->relid),
					 (unsigned int) GetCurrentTransactionId());
	for (int i = 0; i < info->nkeys; i++)
	{
		if (later->set[i])
			appendStringInfo(&query, " AND c.%s IS NULL",
							 quote_identifier(get_attname(later->relid, info->conkey[i], false)));
	}
	appendStringInfo(&query,
					 ") UPDATE %s AS c SET %s FROM children, parents"
					 " WHERE c.ctid OPERATOR(pg_catalog.=) children.id AND c.tableoid OPERATOR(pg_catalog.=) children.part AND parents.n OPERATOR(pg_catalog.=) %s%s",
					 rows_table_of(later->relid), set.data,
					 once ? "children.n"
						  : psprintf("pg_catalog.mod(pg_catalog.abs(pg_catalog.mod("
									 "pg_catalog.hashint8extended(children.n, " INT64_FORMAT
									 "), parents.of)), parents.of)",
									 (int64) plan->seed),
					 agree.data);
	return query.data;
}

/* What a foreign key sees: a table alone, or all of its partitions. */
char *
rows_table_of(Oid relid)
{
	return psprintf("%s%s", get_rel_relkind(relid) == RELKIND_PARTITIONED_TABLE ? "" : "ONLY ",
					quote_qualified_identifier(get_namespace_name(get_rel_namespace(relid)),
											   get_rel_name(relid)));
}
