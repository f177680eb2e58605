/*-------------------------------------------------------------------------
 *
 * target.c
 *	  Decides which tables may be filled, by which role, and by which path.
 *
 * No row may get through that a plain INSERT of the same user would not be
 * allowed to insert.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/relation.h"
#include "access/transam.h"
#include "access/xact.h"
#include "catalog/catalog.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "commands/trigger.h"
#include "foreign/fdwapi.h"
#include "foreign/foreign.h"
#include "miscadmin.h"
#include "optimizer/optimizer.h"
#include "rewrite/prs2lock.h"
#include "rewrite/rewriteHandler.h"
#include "tcop/utility.h"
#include "utils/lsyscache.h"
#include "utils/rls.h"

#include "base/compat.h"
#include "rows/plan/options.h"
#include "rows/plan/parts.h"
#include "rows/plan/rights.h"
#include "rows/plan/steps.h"
#include "rows/plan/target.h"

static bool may_be_filled(Oid relid);
static bool is_writable_view(Relation view);
static bool has_insert_rule(Relation rel);
pg_noreturn static void refuse_kind(Relation rel, const char *hint);
static void examine_partitions(Relation rel, bool *foreign, bool *before_row, const char **manager);

/* Open the table, or raise an error that says why it cannot be filled. */
Relation
rows_open_target(Oid relid, bool writing)
{
	Relation rel;

	if (writing)
	{
		PreventCommandDuringRecovery("poc_generate_rows()");
		PreventCommandIfParallelMode("poc_generate_rows()");
	}
	if (may_be_filled(relid))
		rows_require_insert(relid, GetUserId()); /* before a lock that could block others */
	rel = try_relation_open(relid, writing ? RowExclusiveLock : AccessShareLock);
	if (rel == NULL)
		ereport(ERROR, (errcode(ERRCODE_UNDEFINED_TABLE),
						errmsg("relation with OID %u does not exist", relid),
						errhint("Name a table, for example 'public.dummy'.")));

	switch (rel->rd_rel->relkind)
	{
		case RELKIND_RELATION:
		case RELKIND_PARTITIONED_TABLE:
			break;
		case RELKIND_FOREIGN_TABLE:
			if (!rows_takes_inserts(rel))
				refuse_kind(rel, "Its foreign-data wrapper does not write: name another table.");
			break;
		case RELKIND_VIEW:
			if (!is_writable_view(rel))
				refuse_kind(rel,
							"Name the table behind the view, or give the view an INSTEAD OF INSERT trigger.");
			break;
		case RELKIND_MATVIEW:
			refuse_kind(rel, "Fill the tables it is made from, then REFRESH MATERIALIZED VIEW.");
		default:
			refuse_kind(rel, "Name a table.");
	}
	rows_refuse_catalog(rel);
	if (RELATION_IS_OTHER_TEMP(rel))
		ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
						errmsg("cannot fill temporary table \"%s\" of another session",
							   RelationGetRelationName(rel)),
						errdetail("Its pages are in that session's memory."),
						errhint("Fill it from the session that made it.")));
	if (writing && !rel->rd_islocaltemp)
		PreventCommandIfReadOnly("poc_generate_rows()");
	return rel;
}

/* For other relations, rows_open_target() raises an error that names the reason. */
static bool
may_be_filled(Oid relid)
{
	char relkind = get_rel_relkind(relid);

	return relkind == RELKIND_RELATION || relkind == RELKIND_PARTITIONED_TABLE ||
		   relkind == RELKIND_FOREIGN_TABLE || relkind == RELKIND_VIEW;
}

/* Refuse system tables, even for a superuser. */
void
rows_refuse_catalog(Relation rel)
{
	/* initdb also creates the tables of information_schema */
	if (IsCatalogRelation(rel) || IsCatalogNamespace(RelationGetNamespace(rel)) ||
		RelationGetRelid(rel) < FirstNormalObjectId)
		ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
						errmsg("permission denied: \"%s\" is a system catalog",
							   RelationGetRelationName(rel)),
						errdetail("Rows of a system catalog are made by DDL only."),
						errhint("Name a table of your own.")));
}

static bool
is_writable_view(Relation view)
{
	return (view->trigdesc != NULL && view->trigdesc->trig_insert_instead_row) ||
		   has_insert_rule(view) || view_query_is_auto_updatable(get_view_query(view), true) == NULL;
}

static bool
has_insert_rule(Relation rel)
{
	for (int i = 0; rel->rd_rules != NULL && i < rel->rd_rules->numLocks; i++)
	{
		if (rel->rd_rules->rules[i]->event == CMD_INSERT)
			return true;
	}
	return false;
}

static void
refuse_kind(Relation rel, const char *hint)
{
	ereport(ERROR, (errcode(ERRCODE_WRONG_OBJECT_TYPE),
					errmsg("cannot fill \"%s\" with rows", RelationGetRelationName(rel)),
					errdetail_relkind_not_supported(rel->rd_rel->relkind), errhint("%s", hint)));
}

/* Choose the fastest path that skips nothing. */
void
rows_choose_path(RowsPlan *plan)
{
	Relation rel = plan->rel;
	TriggerDesc *triggers = rel->trigdesc;
	bool foreign;
	bool before_row;
	const char *manager;

	examine_partitions(rel, &foreign, &before_row, &manager);
	plan->path = ROWS_PATH_SPI;
	if (plan->target->rd_rel->relkind == RELKIND_VIEW)
		plan->path_reason = "it is a view";
	else if (rel->rd_rel->relkind == RELKIND_FOREIGN_TABLE)
		plan->path_reason = "it is a foreign table";
	else if (has_insert_rule(rel))
		plan->path_reason = "a rule rewrites INSERT";
	else if (plan->options->path_is_given && plan->options->path == ROWS_PATH_SPI)
		plan->path_reason = "the option \"path\" says so";
	else if (check_enable_rls(RelationGetRelid(rel), plan->call.caller, true) == RLS_ENABLED)
		plan->path_reason = "row-level security applies to this user";
	else if (plan->manager != NULL)
		plan->path_reason = plan->manager;
	else if (manager != NULL)
		plan->path_reason = psprintf("of a partition, %s", manager);
	else if (foreign)
		plan->path_reason = "a partition is a foreign table";
	else if (rel->rd_rel->relkind == RELKIND_PARTITIONED_TABLE && triggers != NULL &&
			 triggers->trig_insert_new_table)
		plan->path_reason = "a trigger wants the new rows of all partitions as a table";
	else
	{
		plan->path = ROWS_PATH_SINGLE;
		if (before_row || (triggers != NULL && triggers->trig_insert_before_row))
			plan->path_reason = "a BEFORE ROW trigger may change or drop rows";
		else if (plan->options->path_is_given && plan->options->path == ROWS_PATH_SINGLE)
			plan->path_reason = "the option \"path\" says so";
		else if (plan->has_volatile_default)
			plan->path_reason = "a volatile default may look at the table";
		else
		{
			plan->path = ROWS_PATH_MULTI;
			plan->path_reason = "nothing asks for rows one by one";
		}
	}
}

const char *
rows_path_name(RowsPath path)
{
	switch (path)
	{
		case ROWS_PATH_MULTI:
			return "multi-insert";
		case ROWS_PATH_SINGLE:
			return "single-row";
		default:
			return "query";
	}
}

/* What the partitions require beyond the table itself. */
static void
examine_partitions(Relation rel, bool *foreign, bool *before_row, const char **manager)
{
	ListCell *cell;

	*foreign = false;
	*before_row = false;
	*manager = NULL;
	if (rel->rd_rel->relkind != RELKIND_PARTITIONED_TABLE)
		return;
	foreach (cell, find_all_inheritors(RelationGetRelid(rel), AccessShareLock, NULL))
	{
		Relation partition = relation_open(lfirst_oid(cell), AccessShareLock);

		if (partition->rd_rel->relkind == RELKIND_FOREIGN_TABLE)
			*foreign = true;
		if (partition->trigdesc != NULL && partition->trigdesc->trig_insert_before_row)
			*before_row = true;
		if (*manager == NULL)
			*manager = rows_manager(partition);
		relation_close(partition, AccessShareLock);
	}
}

/* Does the foreign-data wrapper support INSERT? */
bool
rows_takes_inserts(Relation foreign_table)
{
	ForeignServer *server = GetForeignServer(
		GetForeignServerIdByRelId(RelationGetRelid(foreign_table)));
	FdwRoutine *routine;

	/* a wrapper may have no handler */
	if (!OidIsValid(GetForeignDataWrapper(server->fdwid)->fdwhandler))
		return false;
	routine = GetFdwRoutineForRelation(foreign_table, false);
	return routine->ExecForeignInsert != NULL &&
		   (routine->IsForeignRelUpdatable == NULL ||
			(routine->IsForeignRelUpdatable(foreign_table) & (1 << CMD_INSERT)) != 0);
}
