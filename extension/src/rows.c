/*-------------------------------------------------------------------------
 *
 * rows.c
 *	  The SQL functions that make rows.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/relation.h"
#include "catalog/namespace.h"
#include "common/pg_prng.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "compat.h"
#include "rows.h"

/* More rows than this in one call are a slip of the finger. */
#define MAX_ROWS			INT64CONST(1000000000000)

static Oid	seed_table(FunctionCallInfo fcinfo);

PG_FUNCTION_INFO_V1(poc_generate_rows);

/* poc_generate_rows(n bigint, target regclass, seed bigint, options jsonb) */
Datum
poc_generate_rows(PG_FUNCTION_ARGS)
{
	int64		n;
	Oid			relid;
	uint64		seed;
	RowsOptions *options;
	RowsPlan   *plan;
	Relation	rel;
	uint64		inserted = 0;
	MemoryContext context;
	MemoryContext old;

	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("the number of rows must not be null"),
				 errhint("For example: SELECT poc_generate_rows(1000);")));
	n = PG_GETARG_INT64(0);
	if (n < 0 || n > MAX_ROWS)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("cannot make " INT64_FORMAT " rows", n),
				 errdetail("The number of rows must lie between 0 and " INT64_FORMAT ".", MAX_ROWS),
				 errhint("For example: SELECT poc_generate_rows(1000);")));
	if (!PG_ARGISNULL(2))
		seed = (uint64) PG_GETARG_INT64(2);
	else
		seed = pg_prng_uint64(&pg_global_prng_state) >> 1;

	context = AllocSetContextCreate(CurrentMemoryContext, "poc_generate_rows",
									ALLOCSET_DEFAULT_SIZES);
	old = MemoryContextSwitchTo(context);
	options = PG_ARGISNULL(3) ? NULL : rows_parse_options(PG_GETARG_JSONB_P(3));
	if (options == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("options must not be null"),
				 errhint("Leave them out, or give '{}'.")));
	options->nrows = n;
	relid = PG_ARGISNULL(1) ? seed_table(fcinfo) : PG_GETARG_OID(1);

	rel = rows_open_target(relid, true);
	plan = rows_make_plan(rel, seed, options, true);
	if (PG_ARGISNULL(2))
		ereport(DEBUG1,
				(errmsg("poc_generate_rows() uses seed " INT64_FORMAT, (int64) seed)));
	if (n > 0 && plan->path == ROWS_PATH_SPI)
		inserted = rows_insert_by_query(plan, fcinfo->flinfo->fn_oid, options->start, n, PG_GETARG_JSONB_P(3));
	else if (n > 0)
		inserted = rows_insert(plan, options->start, n);
	rows_close_plan(plan);

	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
	PG_RETURN_INT64(inserted);
}

/* The scenario's own table, made on first use. */
static Oid
seed_table(FunctionCallInfo fcinfo)
{
	Oid			function = fcinfo->flinfo->fn_oid;
	char	   *schema = get_namespace_name(get_func_namespace(function));
	char	   *query = psprintf("SELECT %s.poc_seed()", quote_identifier(schema));
	bool		isnull;
	Oid			relid;

	SPI_connect();
	if (SPI_execute(query, false, 1) != SPI_OK_SELECT || SPI_processed != 1)
		elog(ERROR, "poc_seed() returned no table");
	relid = DatumGetObjectId(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
	SPI_finish();
	return relid;
}

/* "generating row 17 of table "orders", column "price"" */
void
rows_error_context(void *arg)
{
	RowsMaker  *maker = arg;
	const char *table = RelationGetRelationName(maker->plan->rel);

	if (maker->column != NULL)
		errcontext("generating row " UINT64_FORMAT " of table \"%s\", column \"%s\"",
				   maker->row + 1, table,
				   NameStr(TupleDescAttr(RelationGetDescr(maker->plan->rel),
										 maker->column->attnum - 1)->attname));
	else
		errcontext("generating row " UINT64_FORMAT " of table \"%s\"", maker->row + 1, table);
}
