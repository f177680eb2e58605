/*-------------------------------------------------------------------------
 *
 * home_triggers.c
 *	  Triggers and foreign keys of a table that takes the rows that come home.
 *
 * Triggers do not fire for these rows: they did when the rows were written.  A caller who
 * asks for it has them fire as they would for a COPY of his, with his rights and under his
 * settings: code of others is run as the caller because he has said so, and only then.
 * What they have changed is noticed by the comparison of both ends (home_fingerprint.c).
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_trigger.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/builtins.h"

#include "base/compat.h"
#include "rescue/home_triggers.h"
#include "rescue/run_as.h"
#include "rescue/step_list.h"

/* A trigger that is silenced, or a constraint that does not wait: commands that do and undo it */
typedef struct Silenced
{
	char *silence;
	char *wake;	 /* NULL: stays as it is then */
	char *name;	 /* of a trigger */
	char *stays; /* name of constraints some of which were other before, or NULL */
} Silenced;

/* Whether a trigger of pg_trigger, as g, fires in this session */
#define FIRES \
	"(g.tgenabled = 'A' OR g.tgenabled = CASE pg_catalog.current_setting('session_replication_role') WHEN 'replica' THEN 'R' ELSE 'O' END)"
#define IS_FOR_INSERT "(g.tgtype::pg_catalog.int4 & " CppAsString2(TRIGGER_TYPE_INSERT) ") <> 0"
#define IS_FOR_ROWS	  "(g.tgtype::pg_catalog.int4 & " CppAsString2(TRIGGER_TYPE_ROW) ") <> 0"

static void silence(PocRescue *rescue, List *triggers);
static List *silenced_of(Oid relid, const char *query);
static List *triggers_of(Oid relid);
static List *firing_triggers(Oid relid);
static void tell_firing(PocRescue *rescue, const char *home, List *triggers, const char *what);
static void tell_foreign_keys(PocRescue *rescue);
static List *deferrable_constraints(Oid relid);
static void look_up(Oid relid, const char *query);
static char *column(uint64 row, int number);
static char *joined(List *names);

void
poc_rescue_foresee_triggers(PocRescue *rescue, Oid relid, const char *home)
{
	if (rescue->fire_triggers)
		tell_firing(rescue, home, firing_triggers(relid), "would fire");
}

/*
 * Nobody else sees that triggers are off, as they are on again before the transaction ends,
 * and the table is locked.  Constraints are not off, but checked at once: code of an owner
 * whose rights are lent to it cannot wait for the end of the transaction, and what triggers
 * do is to be over when both ends are compared.
 */
void
poc_rescue_prepare_triggers(PocRescue *rescue)
{
	PocRescuedTable *table = rescue->table;

	if (!table->is_there)
		return;
	silence(rescue, deferrable_constraints(table->relid));
	if (rescue->fire_triggers)
		table->fires = firing_triggers(table->relid);
	else
		silence(rescue, triggers_of(table->relid));
}

void
poc_rescue_restore_triggers(PocRescue *rescue)
{
	PocRescuedTable *table = rescue->table;
	ListCell *cell;

	foreach (cell, table->silenced)
	{
		Silenced *one = lfirst(cell);

		if (one->wake != NULL)
			poc_rescue_run_as_owner(rescue, one->wake);
		if (one->stays != NULL)
			poc_rescue_step(rescue, "constraints",
							"checked at once until the transaction ends: %s, for not all constraints of that name in its schema are INITIALLY DEFERRED",
							one->stays);
		CommandCounterIncrement();
	}
	if (table->is_there)
		tell_foreign_keys(rescue);
	if (rescue->fire_triggers && table->is_there)
		tell_firing(rescue, table->home, table->fires, "fired");
	else if (rescue->fire_triggers)
		poc_rescue_step(rescue, "triggers",
						"none fired: %s is new, and triggers are left out of it", table->home);
}

char *
poc_rescue_fired_triggers(PocRescue *rescue)
{
	List *all = NIL;
	ListCell *cell;

	foreach (cell, rescue->tables)
		all = list_concat(all, ((PocRescuedTable *) lfirst(cell))->fires);
	return all != NIL ? joined(all) : NULL;
}

/* Until poc_rescue_restore_triggers(); those with a name are told */
static void
silence(PocRescue *rescue, List *triggers)
{
	PocRescuedTable *table = rescue->table;
	ListCell *cell;

	foreach (cell, triggers)
	{
		Silenced *one = lfirst(cell);

		poc_rescue_run_as_owner(rescue, one->silence);
		CommandCounterIncrement();
		table->silenced = lappend(table->silenced, one);
		if (one->name != NULL)
			table->left_out = lappend(table->left_out,
									  psprintf("%s: it did not fire for the rows", one->name));
	}
}

static List *
silenced_of(Oid relid, const char *query)
{
	List *list = NIL;

	look_up(relid, query);
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		Silenced *one = palloc0(sizeof(Silenced));

		one->silence = column(i, 1);
		one->wake = column(i, 2);
		one->name = column(i, 3);
		one->stays = column(i, 4);
		list = lappend(list, one);
	}
	return list;
}

/* Those for INSERT that are enabled, of the table and its parts; not those of constraints */
static List *
triggers_of(Oid relid)
{
	return silenced_of(relid,
					   "SELECT pg_catalog.format('ALTER TABLE ONLY %s DISABLE TRIGGER %I', g.tgrelid::pg_catalog.regclass, g.tgname), "
					   "pg_catalog.format('ALTER TABLE ONLY %s ENABLE %s TRIGGER %I', g.tgrelid::pg_catalog.regclass, "
					   "CASE g.tgenabled WHEN 'A' THEN 'ALWAYS' WHEN 'R' THEN 'REPLICA' END, g.tgname), "
					   "pg_catalog.format('trigger %I of %s', g.tgname, g.tgrelid::pg_catalog.regclass), NULL "
					   "FROM pg_catalog.pg_trigger AS g JOIN m ON m.relid = g.tgrelid "
					   "WHERE NOT g.tgisinternal AND g.tgenabled <> 'D' AND " IS_FOR_INSERT
					   " ORDER BY g.tgrelid, g.tgname");
}

/*
 * What the transaction has set for them before is not known: they get back what they have by
 * themselves.  The command means all of that name in the schema, also those of other tables:
 * it fails if one is not deferrable, and defers one that is not INITIALLY DEFERRED.
 */
static List *
deferrable_constraints(Oid relid)
{
	return silenced_of(relid,
					   "SELECT pg_catalog.format('SET CONSTRAINTS %I.%I IMMEDIATE', n.nspname, k.conname), "
					   "CASE WHEN pg_catalog.bool_and(o.condeferred) THEN pg_catalog.format('SET CONSTRAINTS %I.%I DEFERRED', n.nspname, k.conname) END, NULL, "
					   "CASE WHEN pg_catalog.bool_or(o.condeferred) AND NOT pg_catalog.bool_and(o.condeferred) THEN pg_catalog.format('%I.%I', n.nspname, k.conname) END "
					   "FROM pg_catalog.pg_constraint AS k JOIN m ON m.relid = k.conrelid "
					   "JOIN pg_catalog.pg_namespace AS n ON n.oid = k.connamespace "
					   "JOIN pg_catalog.pg_constraint AS o ON o.conname = k.conname AND o.connamespace = k.connamespace "
					   "WHERE k.condeferrable GROUP BY n.nspname, k.conname ORDER BY n.nspname, k.conname");
}

/*
 * Words on those that fire for rows that come into the table: its own, and those for rows
 * of its partitions, by the table that they were made for.
 */
static List *
firing_triggers(Oid relid)
{
	List *names = NIL;

	look_up(relid,
			"SELECT DISTINCT pg_catalog.format('trigger %I of %s (function %s of role %I)', g.tgname, "
			"coalesce(q.tgrelid, g.tgrelid)::pg_catalog.regclass, p.oid::pg_catalog.regprocedure, pg_catalog.pg_get_userbyid(p.proowner)) COLLATE \"C\" AS name "
			"FROM pg_catalog.pg_trigger AS g JOIN m ON m.relid = g.tgrelid JOIN pg_catalog.pg_class AS c ON c.oid = g.tgrelid "
			"JOIN pg_catalog.pg_proc AS p ON p.oid = g.tgfoid LEFT JOIN pg_catalog.pg_trigger AS q ON q.oid = g.tgparentid "
			"WHERE NOT g.tgisinternal AND " FIRES " AND " IS_FOR_INSERT " AND CASE WHEN " IS_FOR_ROWS
			" THEN c.relkind = 'r' AND (c.relispartition OR c.oid = $1) ELSE c.oid = $1 END ORDER BY name");
	for (uint64 i = 0; i < SPI_processed; i++)
		names = lappend(names, column(i, 1));
	return names;
}

/* With whose rights, as it is code of others */
static void
tell_firing(PocRescue *rescue, const char *home, List *triggers, const char *what)
{
	if (triggers == NIL)
		poc_rescue_step(rescue, "triggers", "none %s: %s has none that does for INSERT", what, home);
	else
		poc_rescue_step(rescue, "triggers", "%d %s, with the rights of role %s: %s",
						list_length(triggers), what,
						quote_identifier(GetUserNameFromId(rescue->caller, false)), joined(triggers));
}

/* Those that were checked, and those that were not: disabled, not enforced, or not for this session */
static void
tell_foreign_keys(PocRescue *rescue)
{
	List *checked = NIL;

	look_up(rescue->table->relid,
			"SELECT k.name, k.fires FROM (SELECT k.conparentid, pg_catalog.format('foreign key %I of %s', k.conname, k.conrelid::pg_catalog.regclass) COLLATE \"C\" AS name, "
			"EXISTS (SELECT FROM pg_catalog.pg_trigger AS g WHERE g.tgconstraint = k.oid AND g.tgrelid = k.conrelid AND " IS_FOR_INSERT
			" AND " FIRES
			") AS fires FROM pg_catalog.pg_constraint AS k JOIN m ON m.relid = k.conrelid JOIN pg_catalog.pg_class AS c ON c.oid = k.conrelid "
			"WHERE k.contype = 'f' AND (c.oid = $1 OR c.relispartition)) AS k WHERE k.conparentid = 0 OR NOT k.fires ORDER BY k.name");
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		char *name = column(i, 1);

		if (strcmp(column(i, 2), "t") == 0)
			checked = lappend(checked, name);
		else
			rescue->table->left_out = lappend(rescue->table->left_out,
											  psprintf("%s: it was not checked, as it is off", name));
	}
	if (checked != NIL)
		poc_rescue_step(rescue, "foreign keys", "checked: %s", joined(checked));
}

/* Of the table and its parts (m.relid) */
static void
look_up(Oid relid, const char *query)
{
	Oid types[] = {OIDOID};
	Datum values[] = {ObjectIdGetDatum(relid)};

	poc_rescue_look_up(psprintf("WITH RECURSIVE m AS (SELECT $1 AS relid UNION "
								"SELECT i.inhrelid FROM m JOIN pg_catalog.pg_inherits AS i ON i.inhparent = m.relid) %s",
								query),
					   lengthof(types), types, values);
}

/* Of SPI's result; NULL if it is */
static char *
column(uint64 row, int number)
{
	return SPI_getvalue(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, number);
}

static char *
joined(List *names)
{
	StringInfoData text;
	ListCell *cell;

	initStringInfo(&text);
	foreach (cell, names)
		appendStringInfo(&text, "%s%s", text.len > 0 ? ", " : "", (char *) lfirst(cell));
	return text.data;
}
