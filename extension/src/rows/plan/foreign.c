/*-------------------------------------------------------------------------
 *
 * foreign.c
 *	  Foreign keys: columns that take their values from rows of another table.
 *
 * The referenced rows are read and locked FOR KEY SHARE once, which replaces the check
 * of each row.  If the caller may not lock them, each row is checked.  This file must
 * not insert rows: the plan names a table that has to be filled first, and
 * write/fill_parents.c fills it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/partition.h"
#include "catalog/pg_class.h"
#include "catalog/pg_constraint.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"

#include "base/compat.h"
#include "base/random.h"
#include "rows/plan/options.h"
#include "rows/plan/parents.h"
#include "rows/plan/parts.h"
#include "rows/plan/steps.h"
#include "rows/value/generator.h"
#include "rows/value/kinds.h"

static RowsKey *lacking_key(RowsPlan *plan, List *keys);
static bool may_be_filled(RowsCircle *circle, Oid relid);
static void plan_foreign_key(RowsPlan *plan, RowsKey *key, int number);
static bool refers_to_own_load(RowsPlan *plan, RowsKey *key, bool by_options);
static void agree(RowsPlan *plan, RowsKey *key, RowsForeign *foreign, RowsForeign *other,
				  bool settled);
static void take_foreign(RowsPlan *plan, RowsForeign *foreign);
static void note_checked(RowsPlan *plan, RowsForeign *foreign, RowsKey *key);
static bool is_to_be_filled(RowsPlan *plan, RowsKey *key);

/*
 * Plan the columns of all foreign keys.  Stops at the first one whose
 * referenced table has to be filled first, and sets plan->lacking.
 */
void
rows_plan_foreign_keys(RowsPlan *plan)
{
	List *keys = rows_foreign_keys(plan);
	ListCell *cell;
	int number = 0;

	/* the plan starts anew when the table is filled: read and lock no rows before */
	plan->lacking = lacking_key(plan, keys);
	foreach (cell, plan->leaf_keys)
	{
		if (plan->lacking == NULL)
			plan->lacking = lacking_key(plan, list_make1(lfirst(cell)));
	}
	if (plan->lacking != NULL)
		return;
	foreach (cell, keys)
	{
		plan_foreign_key(plan, lfirst(cell), number);
		if (plan->lacking != NULL)
			return;
		number++;
	}
}

/*
 * The first foreign key whose referenced table has to be filled.  One that only has
 * columns of wider keys or with options is left to plan_foreign_key().
 */
static RowsKey *
lacking_key(RowsPlan *plan, List *keys)
{
	Bitmapset *settled = NULL;
	ListCell *cell;

	foreach (cell, keys)
	{
		RowsKey *key = lfirst(cell);
		bool takes_values = false;

		for (int i = 0; i < key->info->nkeys; i++)
			takes_values |= !plan->columns[key->info->conkey[i] - 1].planned &&
							!bms_is_member(key->info->conkey[i], settled);
		if (takes_values && is_to_be_filled(plan, key) && !rows_has_parents(plan, key->info))
			return key;
		for (int i = 0; i < key->info->nkeys; i++)
			settled = bms_add_member(settled, key->info->conkey[i]);
	}
	return NULL;
}

static void
plan_foreign_key(RowsPlan *plan, RowsKey *key, int number)
{
	RowsForeign *foreign;
	RowsForeign *other = NULL; /* determines some of the columns */
	uint64 nfound;
	int settled = 0;
	int by_options = 0;
	int others = 0;

	for (int i = 0; i < key->info->nkeys; i++)
	{
		RowsColumn *column = &plan->columns[key->info->conkey[i] - 1];

		settled += column->planned;
		by_options += (column->planned && !column->promised && column->value != NULL &&
					   column->value->nchoices > 0 && column->foreign == NULL);
		others += (column->foreign != NULL);
		if (column->foreign != NULL)
			other = column->foreign;
	}
	/* set by an option or null: PostgreSQL checks each row */
	if (settled == key->info->nkeys && by_options == 0 && others < settled)
		return;
	if (settled == 1 && key->info->nkeys == 1 && others == 0)
		return;
	/* a wider key whose referenced rows refer to the same table themselves */
	if (others == key->info->nkeys && by_options == 0 && rows_agrees_already(plan, key, other))
		return;

	foreign = rows_start_foreign(plan, key, number);
	if (!refers_to_own_load(plan, key, by_options > 0))
		rows_read_parents(plan, key->info, foreign);
	if (foreign->nparents == 0)
		rows_take_promised(plan, key, foreign);
	nfound = foreign->nparents;
	if (nfound == 0 && is_to_be_filled(plan, key))
	{
		plan->lacking = key;
		return;
	}
	rows_keep_admissible(plan, foreign);
	if (foreign->nparents == 0)
	{
		rows_handle_no_parents(plan, key, nfound > 0);
		return;
	}
	if (by_options > 0)
		rows_keep_chosen(plan, foreign);
	if (other != NULL)
	{
		agree(plan, key, foreign, other, others == key->info->nkeys);
		return;
	}
	if (settled > by_options)
	{
		rows_handle_no_agreement(plan, key);
		return;
	}
	take_foreign(plan, foreign);
	note_checked(plan, foreign, key);
}

RowsForeign *
rows_start_foreign(RowsPlan *plan, RowsKey *key, int number)
{
	RowsForeign *foreign = palloc0(sizeof(RowsForeign));
	int nkeys = key->info->nkeys;

	foreign->constraint = key->info->conoid;
	foreign->parent = key->info->confrelid;
	foreign->match_full = key->match_full;
	foreign->number = number;
	foreign->ncolumns = nkeys;
	foreign->attnums = palloc(sizeof(AttrNumber) * nkeys);
	foreign->types = palloc(sizeof(Oid) * nkeys);
	foreign->stream = rows_stream(plan->seed, MaxHeapAttributeNumber + number, 0);
	for (int i = 0; i < nkeys; i++)
	{
		foreign->attnums[i] = key->info->conkey[i];
		foreign->types[i] = getBaseType(
			get_atttype(RelationGetRelid(plan->rel), key->info->conkey[i]));
	}
	return foreign;
}

/*
 * Do the rows refer to each other, and not to rows that are there?  So they do in all
 * workers if they did in the first; and where no two may refer to the same row, the rows
 * that are there may be taken.
 */
static bool
refers_to_own_load(RowsPlan *plan, RowsKey *key, bool by_options)
{
	return key->info->confrelid == RelationGetRelid(plan->rel) && !by_options &&
		   (plan->call.was_empty || rows_is_unique_alone(plan, key->info, NULL));
}

/* Take only rows that agree with those of another foreign key, which has settled some columns or all. */
static void
agree(RowsPlan *plan, RowsKey *key, RowsForeign *foreign, RowsForeign *other, bool settled)
{
	RowsForeign *joined = NULL;

	if (settled && rows_keep_agreeing(other, foreign))
		joined = other;
	else if (!settled)
		joined = rows_join_foreign(plan, other, foreign);
	if (joined == NULL)
	{
		rows_handle_no_agreement(plan, key);
		return;
	}
	note_checked(plan, foreign, key);
	take_foreign(plan, joined);
}

/* The columns take their values from these rows. */
static void
take_foreign(RowsPlan *plan, RowsForeign *foreign)
{
	for (int i = 0; i < foreign->ncolumns; i++)
	{
		RowsColumn *column = &plan->columns[foreign->attnums[i] - 1];

		column->planned = true;
		column->bounded = false;
		column->foreign = foreign;
		column->component = i;
		if (foreign->ncolumns > 1)
			column->kind = ROWS_COLUMN_FOREIGN;
		else
		{
			column->kind = ROWS_COLUMN_RANDOM;
			column->value = rows_make_choice_value(foreign->types[0], foreign->values,
												   foreign->nparents);
			column->value->name = "reference";
			column->value->detail = psprintf("one of " UINT64_FORMAT " rows of %s",
											 foreign->nparents, get_rel_name(foreign->parent));
		}
	}
}

/* If the referenced rows are locked, the check of each row is skipped. */
static void
note_checked(RowsPlan *plan, RowsForeign *foreign, RowsKey *key)
{
	if (plan->call.writing && !foreign->locked &&
		plan->options->foreign_keys == ROWS_FOREIGN_KEYS_BULK)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("cannot check foreign key \"%s\" in bulk",
						get_constraint_name(key->info->conoid)),
				 errdetail("That locks rows of \"%s\", which takes the UPDATE privilege on it and columns of the same type.",
						   get_rel_name(key->info->confrelid)),
				 errhint("Use the option {\"foreign_keys\": \"auto\"}.")));
	if (foreign->locked)
		plan->checked_foreign_keys = list_concat(plan->checked_foreign_keys, key->constraints);
}

/* Is it one of the tables that the call is about, or a partition of one? */
static bool
may_be_filled(RowsCircle *circle, Oid relid)
{
	if (circle == NULL || circle->tables == NIL || list_member_oid(circle->tables, relid))
		return true;
	return get_rel_relispartition(relid) &&
		   list_member_oid(circle->tables, llast_oid(get_partition_ancestors(relid)));
}

/*
 * Do the options ask to fill an empty referenced table?  One that was filled already and
 * still has no row to refer to is excluded.  So is one that itself waits for this one (a
 * circle), unless it can promise its keys.
 */
static bool
is_to_be_filled(RowsPlan *plan, RowsKey *key)
{
	RowsCall *call = &plan->call;

	/* poc_fill() has filled them */
	if (!plan->options->parents || !call->writing || call->promising || call->bases != NULL ||
		key->info->confrelid == RelationGetRelid(plan->rel) ||
		!may_be_filled(call->circle, key->info->confrelid) ||
		list_member_oid(call->filled, key->info->conoid) ||
		list_member_oid(call->postponed, key->info->conoid))
		return false;
	return !list_member_oid(call->waiting, key->info->confrelid) ||
		   (rows_may_promise(plan, key) && !rows_may_be_null(plan, key) &&
			rows_find_promise(plan, key) == NULL);
}
