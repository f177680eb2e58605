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

static bool set_null(RowsPlan *plan, RowsKey *key);
static void plan_hierarchy(RowsPlan *plan, RowsKey *key);
static double fraction_of_roots(RowsPlan *plan, RowsHierarchy *hierarchy);

/* Can the foreign key be set to null, in the columns that nothing else has settled? */
bool
rows_may_be_null(RowsPlan *plan, RowsKey *key)
{
	bool any = false;
	bool all = true;

	for (int i = 0; i < key->info->nkeys; i++)
	{
		bool takes = !plan->columns[key->info->conkey[i] - 1].planned &&
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
	for (int i = 0; i < key->info->nkeys; i++)
	{
		RowsColumn *column = &plan->columns[key->info->conkey[i] - 1];

		if (column->planned || !rows_takes_null(plan, column->attnum))
			continue;
		column->kind = ROWS_COLUMN_NULL;
		column->null_reason = psprintf("%s has no row to refer to",
									   get_rel_name(key->info->confrelid));
		column->planned = true;
	}
	return true;
}

/* Foreign keys share columns, but no rows agree in them. */
void
rows_handle_no_agreement(RowsPlan *plan, RowsKey *key)
{
	if (!set_null(plan, key))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("cannot serve the foreign keys of table \"%s\" together",
						RelationGetRelationName(plan->rel)),
				 errdetail("Foreign key \"%s\" shares a column with another one or with an option, and no rows were found that agree in it.",
						   get_constraint_name(key->info->conoid)),
				 errhint("Insert rows into \"%s\" that agree, or drop one of the foreign keys for the time of the load.",
						 get_rel_name(key->info->confrelid))));
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
	else if (set_null(plan, key))
	{
		if (plan->call.writing && plan->call.bases == NULL)
			ereport(NOTICE, (errmsg("foreign key \"%s\" of table \"%s\" is null in all rows",
									get_constraint_name(key->info->conoid),
									RelationGetRelationName(plan->rel)),
							 errdetail("Table \"%s\" has no rows %s.", get_rel_name(relid),
									   has_others ? "that it could refer to" : "yet")));
	}
	else if (has_others)
		ereport(ERROR,
				(errcode(ERRCODE_CHECK_VIOLATION),
				 errmsg("no row of table \"%s\" is one that \"%s\" could refer to",
						get_rel_name(relid), RelationGetRelationName(plan->rel)),
				 errdetail("The CHECKs and domains of the columns of foreign key \"%s\" reject each of them.",
						   get_constraint_name(key->info->conoid)),
				 errhint("Insert a row into %s that they take.", parent)));
	else
		ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
						errmsg("table \"%s\" has no rows that \"%s\" could refer to",
							   get_rel_name(relid), RelationGetRelationName(plan->rel)),
						errdetail("Foreign key \"%s\" takes its values from there.",
								  get_constraint_name(key->info->conoid)),
						errhint("Fill it first, with SELECT poc_generate_rows(1000, '%s'), "
								"or use the option {\"parents\": true}.",
								parent)));
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
