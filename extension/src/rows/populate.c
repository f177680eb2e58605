/*-------------------------------------------------------------------------
 *
 * populate.c
 *	  What poc_populate() does in C: one table of the schema, and the memory of
 *	  its last report.
 *
 * The report stays in the session: it tells nobody else what its caller may see.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/relation.h"
#include "catalog/pg_type.h"
#include "funcapi.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/memutils.h"

#include "base/compat.h"
#include "rows/fill.h"
#include "rows/plan/columns.h"
#include "rows/plan/options.h"
#include "rows/plan/parts.h"
#include "rows/plan/target.h"
#include "rows/write/fill_parents.h"
#include "rows/write/load.h"
#include "rows/write/unique_start.h"

/* Fewer rows are made faster than workers start. */
#define ROWS_FOR_WORKERS 100000

/* With fewer, new files for the indexes cost more than their entries one by one. */
#define ROWS_FOR_INDEXES_AFTER 10000

/* A key that takes so many values limits no table of a test. */
#define ENOUGH_VALUES (UINT64CONST(1) << 40)

static MemoryContext report_context;
static Jsonb *last_report;

static uint64 most_rows(RowsPlan *plan, uint64 n, char **note);
static bool fill_by_workers(Oid relid, uint64 n, int64 seed, Jsonb *json, int workers, uint64 *made,
							const char **path, char **note);
static uint64 fill_here(Oid relid, uint64 n, int64 seed, Jsonb *json, List *tables,
						const char **path, char **note);
static List *oids_of(ArrayType *array);

PG_FUNCTION_INFO_V1(poc_check_row_options);
PG_FUNCTION_INFO_V1(poc_populate_table);
PG_FUNCTION_INFO_V1(poc_keep_report);
PG_FUNCTION_INFO_V1(poc_kept_report);

/* _poc.check_row_options(options jsonb): raises the error that a load with them would */
Datum
poc_check_row_options(PG_FUNCTION_ARGS)
{
	(void) rows_parse_options(PG_GETARG_JSONB_P(0));
	PG_RETURN_VOID();
}

/*
 * _poc.populate_table(target oid, n bigint, seed bigint, options jsonb, workers int,
 * circle oid[]): (made bigint, path text, note text).  Makes fewer rows if the table's keys
 * take no more.  The option "parents" fills only the tables of the circle, if that has any.
 */
Datum
poc_populate_table(PG_FUNCTION_ARGS)
{
	Oid relid = PG_GETARG_OID(0);
	uint64 n = (uint64) Max(PG_GETARG_INT64(1), 0);
	int64 seed = PG_GETARG_INT64(2);
	Jsonb *json = PG_GETARG_JSONB_P(3);
	int workers = PG_GETARG_INT32(4);
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "poc_populate",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old;
	uint64 made;
	const char *path;
	char *note = NULL;
	TupleDesc tupdesc;
	Datum values[3];
	bool isnull[3] = {false, false, false};

	if (get_call_result_type(fcinfo, NULL, &tupdesc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	old = MemoryContextSwitchTo(context);
	if (!fill_by_workers(relid, n, seed, json, workers, &made, &path, &note))
		made = fill_here(relid, n, seed, json, oids_of(PG_GETARG_ARRAYTYPE_P(5)), &path, &note);
	MemoryContextSwitchTo(old);
	values[0] = Int64GetDatum((int64) made);
	values[1] = CStringGetTextDatum(path);
	isnull[2] = note == NULL;
	values[2] = note != NULL ? CStringGetTextDatum(note) : (Datum) 0;
	MemoryContextDelete(context);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(tupdesc, values, isnull)));
}

/*
 * The number of rows that all keys have values left for, of n.  None if the table has all
 * rows already that a key takes; at least one if it has no row: the load then reports the
 * key that takes none.
 */
static uint64
most_rows(RowsPlan *plan, uint64 n, char **note)
{
	uint64 most = n;
	bool narrow = false;
	ListCell *cell;

	foreach (cell, plan->uniques)
		narrow |= ((RowsUnique *) lfirst(cell))->capacity < ENOUGH_VALUES;
	/* with keys of text, finding out where counting goes on may read the whole table */
	if (!narrow || n == 0)
		return n;
	rows_find_bases(plan, 0);
	foreach (cell, plan->uniques)
	{
		RowsUnique *unique = lfirst(cell);
		uint64 left = unique->capacity - Min(unique->base, unique->capacity);

		if (unique->leaves_out)
			continue;
		if (left == 0 && (unique->base == 0 || unique->partial))
			left = 1;
		if (left >= most)
			continue;
		most = left;
		*note = psprintf("of " UINT64_FORMAT ": \"%s\" takes no more", n, unique->name);
	}
	return most;
}

/* Does nothing and returns false if workers are not wanted, or not worth it. */
static bool
fill_by_workers(Oid relid, uint64 n, int64 seed, Jsonb *json, int workers, uint64 *made,
				const char **path, char **note)
{
	RowsOptions *options = rows_parse_options(json);
	RowsPlan *plan;

	/* workers see no parents that this transaction makes, and one of them gains nothing */
	workers = Min(workers, rows_free_workers());
	if (workers <= 1 || n < ROWS_FOR_WORKERS || options->parents)
		return false;
	plan = rows_make_plan(rows_open_target(relid, false), (uint64) seed, options, NULL);
	n = most_rows(plan, n, note);
	if (plan->target->rd_rel->relpersistence == RELPERSISTENCE_TEMP)
		n = 0;
	rows_close_plan(plan);
	if (n < ROWS_FOR_WORKERS)
		return false;

	plan = rows_plan_fill(relid, seed, json, n);
	*path = rows_path_name(plan->path);
	*made = rows_fill(plan, seed, n, 0, json, &workers);
	*path = psprintf("%s, %d workers", *path, workers);
	rows_close_plan(plan);
	return true;
}

static uint64
fill_here(Oid relid, uint64 n, int64 seed, Jsonb *json, List *tables, const char **path, char **note)
{
	RowsOptions *options = rows_parse_options(json);
	RowsCircle circle = {.tables = tables};
	RowsCall call = {.commits = n >= ROWS_FOR_INDEXES_AFTER, .circle = &circle};
	RowsPlan *plan = rows_prepare(relid, n, (uint64) seed, options, &call);
	uint64 made = 0;

	*path = rows_path_name(plan->path);
	/* rows of other tables may refer to keys of all n already */
	if (circle.promises == NIL)
		n = most_rows(plan, n, note);
	if (n > 0)
	{
		made = rows_write(plan, options->start, n, json);
		rows_close_circle(plan, n);
	}
	rows_close_plan(plan);
	return made;
}

static List *
oids_of(ArrayType *array)
{
	List *oids = NIL;
	Datum *elements;
	int n;

	deconstruct_array(array, OIDOID, sizeof(Oid), true, TYPALIGN_INT, &elements, NULL, &n);
	for (int i = 0; i < n; i++)
		oids = lappend_oid(oids, DatumGetObjectId(elements[i]));
	return oids;
}

/* _poc.keep_report(report jsonb): for poc_last_populate() */
Datum
poc_keep_report(PG_FUNCTION_ARGS)
{
	Jsonb *report = PG_GETARG_JSONB_P(0);
	Jsonb *copy;

	if (report_context == NULL)
		report_context = AllocSetContextCreate(TopMemoryContext, "poc_populate report",
											   ALLOCSET_DEFAULT_SIZES);
	/* the old report stays if there is no memory for the new one */
	copy = MemoryContextAlloc(report_context, VARSIZE(report));
	memcpy(copy, report, VARSIZE(report));
	if (last_report != NULL)
		pfree(last_report);
	last_report = copy;
	PG_RETURN_VOID();
}

/* _poc.kept_report(): jsonb, null before the first */
Datum
poc_kept_report(PG_FUNCTION_ARGS)
{
	Jsonb *copy;

	if (last_report == NULL)
		PG_RETURN_NULL();
	copy = palloc(VARSIZE(last_report));
	memcpy(copy, last_report, VARSIZE(last_report));
	PG_RETURN_JSONB_P(copy);
}
