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

static int by_width(const ListCell *a, const ListCell *b);
static ForeignKeyCacheInfo *lacking_key(RowsPlan *plan, List *keys);
static void plan_foreign_key(RowsPlan *plan, ForeignKeyCacheInfo *key, int number);
static void take_foreign(RowsPlan *plan, RowsForeign *foreign);
static void keep_chosen(RowsPlan *plan, RowsForeign *foreign);
static void handle_no_agreement(RowsPlan *plan, ForeignKeyCacheInfo *key);
static void note_checked(RowsPlan *plan, RowsForeign *foreign, ForeignKeyCacheInfo *key);
static bool is_to_be_filled(RowsPlan *plan, ForeignKeyCacheInfo *key);
static void handle_no_parents(RowsPlan *plan, ForeignKeyCacheInfo *key);
static void point_at_itself(RowsPlan *plan, ForeignKeyCacheInfo *key);
static bool is_nullable(RowsPlan *plan, ForeignKeyCacheInfo *key, bool one_is_enough);
static bool leads_back(Oid from, Oid to, List **visited);

/*
 * Plan the columns of all foreign keys.  Stops at the first one whose
 * referenced table has to be filled first, and sets plan->lacking.
 */
void
rows_plan_foreign_keys(RowsPlan *plan)
{
	List *keys = copyObject(RelationGetFKeyList(plan->rel));
	ListCell *cell;
	int number = 0;

	/* widest first: (tenant, customer) determines the tenant */
	list_sort(keys, by_width);
	/* the plan starts anew when the table is filled: read and lock no rows before */
	plan->lacking = lacking_key(plan, keys);
	if (plan->lacking != NULL)
		return;
	foreach (cell, keys)
	{
		ForeignKeyCacheInfo *key = lfirst(cell);

		if (poc_foreign_key_is_enforced(key))
			plan_foreign_key(plan, key, number);
		if (plan->lacking != NULL)
			return;
		number++;
	}
}

static int
by_width(const ListCell *a, const ListCell *b)
{
	ForeignKeyCacheInfo *left = lfirst(a);
	ForeignKeyCacheInfo *right = lfirst(b);

	if (left->nkeys != right->nkeys)
		return right->nkeys - left->nkeys;
	return (left->conkey[0] > right->conkey[0]) - (left->conkey[0] < right->conkey[0]);
}

/*
 * The first foreign key whose referenced table has to be filled.  One that only has
 * columns of wider keys or with options is left to plan_foreign_key().
 */
static ForeignKeyCacheInfo *
lacking_key(RowsPlan *plan, List *keys)
{
	Bitmapset *settled = NULL;
	ListCell *cell;

	foreach (cell, keys)
	{
		ForeignKeyCacheInfo *key = lfirst(cell);
		bool takes_values = false;

		if (!poc_foreign_key_is_enforced(key))
			continue;
		for (int i = 0; i < key->nkeys; i++)
			takes_values |= !plan->columns[key->conkey[i] - 1].planned &&
							!bms_is_member(key->conkey[i], settled);
		if (takes_values && is_to_be_filled(plan, key) && !rows_has_parents(plan, key))
			return key;
		for (int i = 0; i < key->nkeys; i++)
			settled = bms_add_member(settled, key->conkey[i]);
	}
	return NULL;
}

static void
plan_foreign_key(RowsPlan *plan, ForeignKeyCacheInfo *key, int number)
{
	RowsForeign *foreign;
	RowsForeign *other = NULL; /* determines some of the columns */
	int settled = 0;
	int by_options = 0;

	for (int i = 0; i < key->nkeys; i++)
	{
		RowsColumn *column = &plan->columns[key->conkey[i] - 1];

		settled += column->planned;
		by_options += (column->planned && column->value != NULL && column->value->nchoices > 0 &&
					   column->foreign == NULL);
		if (column->kind == ROWS_COLUMN_FOREIGN)
			other = column->foreign;
	}
	/* part of a wider foreign key, or set by an option: PostgreSQL checks each row */
	if (settled == key->nkeys && by_options == 0)
		return;
	if (settled == 1 && key->nkeys == 1)
		return;

	foreign = palloc0(sizeof(RowsForeign));
	foreign->constraint = key->conoid;
	foreign->parent = key->confrelid;
	foreign->number = number;
	foreign->ncolumns = key->nkeys;
	foreign->attnums = palloc(sizeof(AttrNumber) * key->nkeys);
	foreign->types = palloc(sizeof(Oid) * key->nkeys);
	foreign->stream = rows_stream(plan->seed, MaxHeapAttributeNumber + number, 0);
	for (int i = 0; i < key->nkeys; i++)
	{
		foreign->attnums[i] = key->conkey[i];
		foreign->types[i] = getBaseType(get_atttype(RelationGetRelid(plan->rel), key->conkey[i]));
	}
	rows_read_parents(plan, key, foreign);
	if (foreign->nparents == 0 && is_to_be_filled(plan, key))
	{
		plan->lacking = key;
		return;
	}
	if (foreign->nparents == 0)
	{
		handle_no_parents(plan, key);
		return;
	}
	if (by_options > 0)
		keep_chosen(plan, foreign);
	if (other != NULL)
	{
		RowsForeign *joined = rows_join_foreign(plan, other, foreign);

		if (joined == NULL)
		{
			handle_no_agreement(plan, key);
			return;
		}
		note_checked(plan, foreign, key);
		take_foreign(plan, joined);
		return;
	}
	if (settled > by_options)
	{
		handle_no_agreement(plan, key);
		return;
	}
	take_foreign(plan, foreign);
	note_checked(plan, foreign, key);
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

/* Keep only the referenced rows with the values that the options list. */
static void
keep_chosen(RowsPlan *plan, RowsForeign *foreign)
{
	uint64 nkept = 0;

	for (uint64 row = 0; row < foreign->nparents; row++)
	{
		bool chosen = true;

		for (int i = 0; i < foreign->ncolumns && chosen; i++)
		{
			RowsValue *value = plan->columns[foreign->attnums[i] - 1].value;
			uint64 ordinal;

			if (value != NULL && value->nchoices > 0 &&
				plan->columns[foreign->attnums[i] - 1].foreign == NULL)
				chosen = value->decode(value, rows_foreign_value(foreign, row, i), &ordinal);
		}
		if (chosen)
			memmove(foreign->values + nkept++ * foreign->ncolumns,
					foreign->values + row * foreign->ncolumns, sizeof(Datum) * foreign->ncolumns);
	}
	foreign->nparents = nkept;
	if (nkept == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("table \"%s\" has no rows with the values that the options give to the columns of \"%s\"",
						get_rel_name(foreign->parent), RelationGetRelationName(plan->rel)),
				 errdetail("Foreign key \"%s\" takes its values from there.",
						   get_constraint_name(foreign->constraint)),
				 errhint("Give other values, or insert a row that has these.")));
}

/* Foreign keys share columns, but no rows agree in them. */
static void
handle_no_agreement(RowsPlan *plan, ForeignKeyCacheInfo *key)
{
	if (!is_nullable(plan, key, true))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("cannot serve the foreign keys of table \"%s\" together",
						RelationGetRelationName(plan->rel)),
				 errdetail("Foreign key \"%s\" shares a column with another one or with an option, and no rows were found that agree in it.",
						   get_constraint_name(key->conoid)),
				 errhint("Insert rows into \"%s\" that agree, or drop one of the foreign keys for the time of the load.",
						 get_rel_name(key->confrelid))));
	for (int i = 0; i < key->nkeys; i++)
	{
		RowsColumn *column = &plan->columns[key->conkey[i] - 1];

		if (!column->planned)
		{
			column->kind = ROWS_COLUMN_NULL;
			column->planned = true;
		}
	}
}

/* If the referenced rows are locked, the check of each row is skipped. */
static void
note_checked(RowsPlan *plan, RowsForeign *foreign, ForeignKeyCacheInfo *key)
{
	if (plan->call.writing && !foreign->locked &&
		plan->options->foreign_keys == ROWS_FOREIGN_KEYS_BULK)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("cannot check foreign key \"%s\" in bulk", get_constraint_name(key->conoid)),
				 errdetail("That locks rows of \"%s\", which takes the UPDATE privilege on it and columns of the same type.",
						   get_rel_name(key->confrelid)),
				 errhint("Use the option {\"foreign_keys\": \"auto\"}.")));
	if (foreign->locked)
		plan->checked_foreign_keys = lappend_oid(plan->checked_foreign_keys, key->conoid);
}

/* ---- no referenced row ---- */

/*
 * Do the options ask to fill an empty referenced table?  A table that itself
 * waits for this one is excluded (a cycle), and so is one that was filled
 * already and still has no row to refer to.
 */
static bool
is_to_be_filled(RowsPlan *plan, ForeignKeyCacheInfo *key)
{
	return plan->options->parents && plan->call.writing &&
		   key->confrelid != RelationGetRelid(plan->rel) &&
		   !list_member_oid(plan->call.waiting, key->confrelid) &&
		   !list_member_oid(plan->call.filled, key->conoid);
}

static void
handle_no_parents(RowsPlan *plan, ForeignKeyCacheInfo *key)
{
	List *visited = NIL;
	char *parent = quote_qualified_identifier(get_namespace_name(get_rel_namespace(key->confrelid)),
											  get_rel_name(key->confrelid));

	if (is_nullable(plan, key, false) &&
		leads_back(key->confrelid, RelationGetRelid(plan->rel), &visited))
	{
		for (int i = 0; i < key->nkeys; i++)
		{
			plan->columns[key->conkey[i] - 1].kind = ROWS_COLUMN_NULL;
			plan->columns[key->conkey[i] - 1].planned = true;
		}
	}
	else if (key->confrelid == RelationGetRelid(plan->rel))
		point_at_itself(plan, key);
	else
		ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
						errmsg("table \"%s\" has no rows that \"%s\" could refer to",
							   get_rel_name(key->confrelid), RelationGetRelationName(plan->rel)),
						errdetail("Foreign key \"%s\" takes its values from there.",
								  get_constraint_name(key->conoid)),
						errhint("Fill it first, with SELECT poc_generate_rows(1000, '%s'), "
								"or use the option {\"parents\": true}.",
								parent)));
}

/* The first rows of a tree whose nodes all need a parent refer to themselves. */
static void
point_at_itself(RowsPlan *plan, ForeignKeyCacheInfo *key)
{
	for (int i = 0; i < key->nkeys; i++)
	{
		RowsColumn *column = &plan->columns[key->conkey[i] - 1];

		column->kind = ROWS_COLUMN_ITSELF;
		plan->points_at_itself = true;
		column->component = key->confkey[i] - 1;
		column->planned = true;
	}
}

static bool
is_nullable(RowsPlan *plan, ForeignKeyCacheInfo *key, bool one_is_enough)
{
	for (int i = 0; i < key->nkeys; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(RelationGetDescr(plan->rel), key->conkey[i] - 1);

		if (one_is_enough && plan->columns[key->conkey[i] - 1].planned)
			continue;
		if (attribute->attnotnull || plan->columns[key->conkey[i] - 1].bounds.not_null ||
			DomainHasConstraints(attribute->atttypid, NULL))
			return false;
	}
	return true;
}

/* Does a chain of foreign keys of any length lead from one table to the other? */
static bool
leads_back(Oid from, Oid to, List **visited)
{
	Relation rel;
	List *keys;
	ListCell *cell;
	bool found = false;

	if (from == to)
		return true;
	if (list_member_oid(*visited, from))
		return false;
	check_stack_depth();
	*visited = lappend_oid(*visited, from);

	rel = table_open(from, AccessShareLock);
	keys = copyObject(RelationGetFKeyList(rel));
	table_close(rel, AccessShareLock);
	foreach (cell, keys)
	{
		if (leads_back(((ForeignKeyCacheInfo *) lfirst(cell))->confrelid, to, visited))
		{
			found = true;
			break;
		}
	}
	return found;
}
