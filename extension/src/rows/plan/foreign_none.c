/*-------------------------------------------------------------------------
 *
 * foreign_none.c
 *	  Foreign keys that have no row to refer to: nulls, a tree of the rows
 *	  themselves, or an error.
 *
 * This file must not insert rows: write/fill_parents.c does.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "base/compat.h"
#include "base/random.h"
#include "rows/plan/options.h"
#include "rows/plan/parents.h"
#include "rows/plan/parts.h"

/* A tree without the option null_fraction: one row of ten is a root. */
#define ROOTS 0.1

static bool is_free(RowsColumn *column);
static bool set_null(RowsPlan *plan, RowsKey *key);
static bool is_postponed(RowsPlan *plan, RowsKey *key);
static void postpone(RowsPlan *plan, RowsKey *key);
static void note_unverified(RowsCircle *circle, RowsKey *key);
static void tell_null(RowsPlan *plan, RowsKey *key, const char *reason);
static void plan_hierarchy(RowsPlan *plan, RowsKey *key);
static double fraction_of_roots(RowsPlan *plan, RowsHierarchy *hierarchy);

/* Another foreign key of that column alone can be null as well. */
static bool
is_free(RowsColumn *column)
{
	return !column->planned || (column->foreign != NULL && column->foreign->ncolumns == 1);
}

/* Can the foreign key be set to null, in the columns that nothing else has settled? */
bool
rows_may_be_null(RowsPlan *plan, RowsKey *key)
{
	bool any = false;
	bool all = true;

	for (int i = 0; i < key->info->nkeys; i++)
	{
		bool takes = is_free(&plan->columns[key->info->conkey[i] - 1]) &&
					 rows_takes_null(plan, key->info->conkey[i]);

		any |= takes;
		all &= takes;
	}
	return key->match_full ? all : any;
}

static bool
set_null(RowsPlan *plan, RowsKey *key)
{
	if (!rows_may_be_null(plan, key))
		return false;
	postpone(plan, key);
	for (int i = 0; i < key->info->nkeys; i++)
	{
		RowsColumn *column = &plan->columns[key->info->conkey[i] - 1];

		if (!is_free(column) || !rows_takes_null(plan, column->attnum))
			continue;
		column->kind = ROWS_COLUMN_NULL;
		column->foreign = NULL;
		column->null_reason = psprintf("%s has no row to refer to",
									   get_rel_name(key->info->confrelid));
		column->planned = true;
	}
	return true;
}

/* In a circle of tables that one call fills, the key is set when its table has rows. */
static void
postpone(RowsPlan *plan, RowsKey *key)
{
	RowsLater *later;

	if (plan->call.circle == NULL || (!list_member_oid(plan->call.waiting, key->info->confrelid) &&
									  !list_member_oid(plan->call.postponed, key->info->conoid)))
		return;
	if (is_postponed(plan, key))
		return;
	later = palloc0(sizeof(RowsLater));
	later->relid = RelationGetRelid(plan->rel);
	later->key = key;
	later->set = palloc0(sizeof(bool) * key->info->nkeys);
	for (int i = 0; i < key->info->nkeys; i++)
		later->set[i] = !plan->columns[key->info->conkey[i] - 1].planned &&
						rows_takes_null(plan, key->info->conkey[i]);
	plan->call.circle->laters = lappend(plan->call.circle->laters, later);
}

static bool
is_postponed(RowsPlan *plan, RowsKey *key)
{
	ListCell *cell;

	if (plan->call.circle == NULL)
		return false;
	foreach (cell, plan->call.circle->laters)
	{
		if (((RowsLater *) lfirst(cell))->key->info->conoid == key->info->conoid)
			return true;
	}
	return false;
}

/* The promised keys of the referenced table, or NULL. */
RowsPromise *
rows_find_promise(RowsPlan *plan, RowsKey *key)
{
	ListCell *cell;

	if (plan->call.circle == NULL)
		return NULL;
	foreach (cell, plan->call.circle->promises)
	{
		RowsPromise *promise = lfirst(cell);
		bool same = promise->relid == key->info->confrelid && promise->ncolumns == key->info->nkeys;

		for (int i = 0; i < key->info->nkeys && same; i++)
			same = promise->attnums[i] == key->info->confkey[i];
		if (same)
			return promise;
	}
	return NULL;
}

/* Refer to rows that do not exist yet: the foreign key is deferred, or verified afterwards. */
void
rows_take_promised(RowsPlan *plan, RowsKey *key, RowsForeign *foreign)
{
	RowsPromise *promise = rows_find_promise(plan, key);

	if (promise == NULL || promise->kept)
		return;
	if (!list_member_oid(promise->deferred, key->info->conoid) && !plan->call.promising)
	{
		if (!rows_may_promise(plan, key))
			return;
		plan->checked_foreign_keys = list_concat(plan->checked_foreign_keys, key->constraints);
		note_unverified(plan->call.circle, key);
	}
	foreign->nparents = promise->nrows;
	foreign->values = palloc(sizeof(Datum) * Max(promise->nrows, 1) * promise->ncolumns);
	memcpy(foreign->values, promise->values, sizeof(Datum) * promise->nrows * promise->ncolumns);
	foreign->locked = false;
}

static void
note_unverified(RowsCircle *circle, RowsKey *key)
{
	ListCell *cell;

	foreach (cell, circle->unverified)
	{
		if (((RowsKey *) lfirst(cell))->info->conoid == key->info->conoid)
			return;
	}
	circle->unverified = lappend(circle->unverified, key);
}

/* Foreign keys share columns, but no rows agree in them. */
void
rows_handle_no_agreement(RowsPlan *plan, RowsKey *key)
{
	if (set_null(plan, key))
	{
		tell_null(plan, key,
				  psprintf("It shares columns with other foreign keys or options, and no rows of \"%s\" agree with them.",
						   get_rel_name(key->info->confrelid)));
		return;
	}
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 errmsg("cannot serve the foreign keys of table \"%s\" together",
					RelationGetRelationName(plan->rel)),
			 errdetail("Foreign key \"%s\" shares a column with another one or with an option, and no rows were found that agree in it.",
					   get_constraint_name(key->info->conoid)),
			 errhint("Insert rows into \"%s\" that agree, or drop one of the foreign keys for the time of the load.",
					 get_rel_name(key->info->confrelid))));
}

/* Workers tell nothing, as the call has done so. */
static void
tell_null(RowsPlan *plan, RowsKey *key, const char *reason)
{
	if (plan->call.writing && plan->call.bases == NULL && !is_postponed(plan, key))
		ereport(NOTICE,
				(errmsg("foreign key \"%s\" of table \"%s\" is null in all rows",
						get_constraint_name(key->info->conoid), RelationGetRelationName(plan->rel)),
				 errdetail_internal("%s", reason)));
}

/* The referenced table has no rows, or none whose values the columns take. */
void
rows_handle_no_parents(RowsPlan *plan, RowsKey *key, bool has_others)
{
	Oid relid = key->info->confrelid;
	char *parent = quote_qualified_identifier(get_namespace_name(get_rel_namespace(relid)),
											  get_rel_name(relid));

	if (relid == RelationGetRelid(plan->rel) && !has_others)
		plan_hierarchy(plan, key);
	else if (plan->call.promising)
		/* only keys are made: any value */;
	else if (set_null(plan, key))
		tell_null(plan, key,
				  psprintf("Table \"%s\" has no rows %s.", get_rel_name(relid),
						   has_others ? "that it could refer to" : "yet"));
	else if (has_others)
		ereport(ERROR,
				(errcode(ERRCODE_CHECK_VIOLATION),
				 errmsg("no row of table \"%s\" is one that \"%s\" could refer to",
						get_rel_name(relid), RelationGetRelationName(plan->rel)),
				 errdetail("The CHECKs and domains of the columns of foreign key \"%s\" reject each of them.",
						   get_constraint_name(key->info->conoid)),
				 errhint("Insert a row into %s that they take.", parent)));
	else
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("table \"%s\" has no rows that \"%s\" could refer to", get_rel_name(relid),
						RelationGetRelationName(plan->rel)),
				 errdetail("Foreign key \"%s\" takes its values from there.",
						   get_constraint_name(key->info->conoid)),
				 !rows_is_in_circle(plan, key)
					 ? errhint("Fill it first, with SELECT poc_generate_rows(1000, '%s'), "
							   "or use the option {\"parents\": true}.",
							   parent)
				 : plan->options->parents
					 ? errhint("The tables refer to each other: let one of the foreign keys be DEFERRABLE or take nulls, or insert a first row into each.")
					 : errhint(
						   "The tables refer to each other: the option {\"parents\": true} fills them in one call, if one of the foreign keys is DEFERRABLE or takes nulls.")));
}

/* ---- trees ---- */

/* The first rows of a table that refers to itself refer to each other. */
static void
plan_hierarchy(RowsPlan *plan, RowsKey *key)
{
	RowsHierarchy *hierarchy = palloc0(sizeof(RowsHierarchy));
	ForeignKeyCacheInfo *info = key->info;
	bool all_null = rows_may_be_null(plan, key);
	bool any_null = false;

	hierarchy->ncolumns = info->nkeys;
	hierarchy->attnums = palloc(sizeof(AttrNumber) * info->nkeys);
	hierarchy->referenced = palloc(sizeof(AttrNumber) * info->nkeys);
	hierarchy->sets = palloc0(sizeof(bool) * info->nkeys);
	hierarchy->nulls = palloc0(sizeof(bool) * info->nkeys);
	hierarchy->is_unique = rows_is_unique_alone(plan, info, &hierarchy->one_null);
	hierarchy->stream = rows_stream(plan->seed, MaxHeapAttributeNumber + info->conkey[0], 1 << 15);
	for (int i = 0; i < info->nkeys; i++)
	{
		RowsColumn *column = &plan->columns[info->conkey[i] - 1];

		hierarchy->attnums[i] = info->conkey[i];
		hierarchy->referenced[i] = info->confkey[i];
		if (column->planned)
			continue;
		/* (tenant, parent) refers to (tenant, id): the tenant is the row's own */
		if (info->conkey[i] == info->confkey[i])
			continue;
		hierarchy->sets[i] = true;
		hierarchy->nulls[i] = rows_takes_null(plan, info->conkey[i]);
		any_null |= hierarchy->nulls[i];
		column->kind = ROWS_COLUMN_ITSELF;
		column->hierarchy = hierarchy;
		column->planned = true;
	}
	hierarchy->nullable = any_null && (all_null || !key->match_full);
	hierarchy->roots = fraction_of_roots(plan, hierarchy);
	plan->hierarchies = lappend(plan->hierarchies, hierarchy);
}

static double
fraction_of_roots(RowsPlan *plan, RowsHierarchy *hierarchy)
{
	double roots = Max(plan->options->null_fraction, ROOTS);

	for (int i = 0; i < hierarchy->ncolumns; i++)
	{
		RowsColumnOptions *options = plan->columns[hierarchy->attnums[i] - 1].options;

		if (hierarchy->sets[i] && options != NULL && options->null_fraction >= 0)
			roots = options->null_fraction;
	}
	return roots;
}
