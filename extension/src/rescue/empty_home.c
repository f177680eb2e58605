/*-------------------------------------------------------------------------
 *
 * empty_home.c
 *	  A table that is there already, without a row, and takes those that come home.
 *
 * It stays as it is: nothing of the definition in the backup is run.  Its own code (checks,
 * generated columns, indexes) gets the rights of its owner, as whom the caller must be able
 * to act.  Until the transaction ends nobody else writes to it: what was seen to be empty
 * when it was locked stays so.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/table.h"
#include "access/tableam.h"
#include "catalog/catalog.h"
#include "catalog/namespace.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "storage/lmgr.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "base/compat.h"
#include "base/sibling.h"
#include "client/json.h"
#include "client/sidecar.h"
#include "rescue/empty_home.h"
#include "rescue/home_triggers.h"
#include "rescue/own_functions.h"
#include "rescue/run_as.h"
#include "rescue/step_list.h"

static Oid lock_home(PocRescue *rescue, const char *schema, const char *name, LOCKMODE mode);
static void may_take(const RangeVar *relation, Oid relid, Oid oldrelid, void *arg);
static void require_empty(Oid relid, const char *home, LOCKMODE mode);
static bool has_rows(Oid relid);
static void require_shape(PocRescue *rescue);

void
poc_rescue_foresee_homes(PocRescue *rescue, bool is_dry_run)
{
	Jsonb *tables = poc_json_member(rescue->request, "tables", jbvArray);

	for (uint32 i = 0; tables != NULL && i < JsonContainerSize(&tables->root); i++)
	{
		JsonbValue *value = getIthJsonbValueFromContainer(&tables->root, i);
		Jsonb *table;
		char *schema;
		char *name;
		Oid relid;

		if (value->type != jbvBinary)
			continue;
		table = JsonbValueToJsonb(value);
		schema = poc_json_text(table, "home_schema");
		name = poc_json_text(table, "home_name");
		if (schema == NULL || name == NULL || !poc_json_true(table, "rows_only"))
			continue;
		relid = lock_home(rescue, schema, name, AccessShareLock);
		if (!OidIsValid(relid))
			continue;
		require_empty(relid, quote_qualified_identifier(schema, name), AccessShareLock);
		if (is_dry_run)
			poc_rescue_foresee_triggers(rescue, relid, quote_qualified_identifier(schema, name));
	}
}

void
poc_rescue_take_home(PocRescue *rescue)
{
	PocRescuedTable *table = rescue->table;
	Oid relid = lock_home(rescue, table->home_schema, table->home_name, ShareRowExclusiveLock);

	if (!OidIsValid(relid))
		return;
	table->relid = relid;
	table->is_there = true;
	table->owner = poc_owner_of(relid);
	require_empty(relid, table->home, ShareRowExclusiveLock);
	require_shape(rescue);
	poc_rescue_step(rescue, "home",
					"%s is there and empty, owned by %s: it stays as it is; its constraints are checked",
					table->home, quote_identifier(GetUserNameFromId(table->owner, false)));
}

/* Invalid if there is nothing of that name */
static Oid
lock_home(PocRescue *rescue, const char *schema, const char *name, LOCKMODE mode)
{
	RangeVar *relation = makeRangeVar(pstrdup(schema), pstrdup(name), -1);

	if (!OidIsValid(get_namespace_oid(schema, true)))
		return InvalidOid;
	return RangeVarGetRelidExtended(relation, mode, RVR_MISSING_OK, may_take, rescue);
}

/* Before it is locked: nobody shall be able to lock what is none of his. */
static void
may_take(const RangeVar *relation, Oid relid, Oid oldrelid, void *arg)
{
	PocRescue *rescue = arg;
	char kind;
	Oid owner;

	if (!OidIsValid(relid))
		return;
	kind = get_rel_relkind(relid);
	if ((kind != RELKIND_RELATION && kind != RELKIND_PARTITIONED_TABLE) || relid < FirstNormalObjectId)
		ereport(ERROR,
				(errcode(ERRCODE_DUPLICATE_TABLE),
				 errmsg("relation \"%s.%s\" already exists", relation->schemaname, relation->relname),
				 errdetail("It is no table that could take rows."),
				 errhint(
					 "Drop or rename that one, or give another name: to_table => 'schema.name', or to_schema.")));
	owner = poc_owner_of(relid);
	if (owner != rescue->caller && !superuser_arg(rescue->caller) &&
		!member_can_set_role(rescue->caller, owner))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied for table %s", relation->relname),
				 errdetail("It is there, and its owner is role %s.",
						   quote_identifier(GetUserNameFromId(owner, false))),
				 errhint(
					 "Let a superuser or a member of that role rescue into it, or give another name: to_table => 'schema.name', or to_schema.")));
}

/* With all that belongs to it: partitions, and tables that inherit from it */
static void
require_empty(Oid relid, const char *home, LOCKMODE mode)
{
	ListCell *cell;

	foreach (cell, find_all_inheritors(relid, mode, NULL))
	{
		Oid member = lfirst_oid(cell);
		char kind = get_rel_relkind(member);

		CHECK_FOR_INTERRUPTS();
		if ((kind != RELKIND_RELATION && kind != RELKIND_PARTITIONED_TABLE) ||
			get_rel_persistence(member) == RELPERSISTENCE_TEMP)
			ereport(ERROR, (errcode(ERRCODE_WRONG_OBJECT_TYPE),
							errmsg("rows cannot come home to table %s", home),
							errdetail("A part of it, %s, is a foreign or a temporary table.",
									  get_rel_name(member)),
							errhint("Give another name: to_table => 'schema.name', or to_schema.")));
		if (kind == RELKIND_RELATION && has_rows(member))
			ereport(ERROR,
					(errcode(ERRCODE_DUPLICATE_TABLE), errmsg("relation \"%s\" already exists", home),
					 errdetail("It has rows, and a rescued table never comes over data."),
					 errhint(
						 "Drop, rename or empty that one, or give another name: to_table => 'schema.name', or to_schema.")));
	}
}

/* As everybody sees it now, whatever the transaction's own snapshot shows; no code is run. */
static bool
has_rows(Oid relid)
{
	Relation rel = table_open(relid, NoLock);
	Snapshot snapshot = RegisterSnapshot(GetLatestSnapshot());
	TableScanDesc scan = table_beginscan(rel, snapshot, 0, NULL, 0);
	TupleTableSlot *slot = table_slot_create(rel, NULL);
	bool found = table_scan_getnextslot(scan, ForwardScanDirection, slot);

	ExecDropSingleTupleTableSlot(slot);
	table_endscan(scan);
	UnregisterSnapshot(snapshot);
	table_close(rel, NoLock);
	return found;
}

/* Its columns are those of the table then, by name and type, in whatever order. */
static void
require_shape(PocRescue *rescue)
{
	Jsonb *shape = poc_json_member(rescue->table->definition, "shape", jbvArray);
	Oid types[] = {OIDOID, JSONBOID};
	Datum values[2];
	char *misfits;

	if (shape == NULL)
		poc_sidecar_malformed("a definition", "It does not tell which columns the table had.");
	values[0] = ObjectIdGetDatum(rescue->table->relid);
	values[1] = JsonbPGetDatum(shape);
	poc_rescue_ask_keeper(rescue, "SELECT _poc.rescue_misfits($1, $2)", lengthof(types), types,
						  values, NULL);
	misfits = poc_rescue_answer(1);
	if (misfits != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_DUPLICATE_TABLE),
				 errmsg("relation \"%s\" already exists", rescue->table->home),
				 errdetail("It is empty, but not of the shape of %s: %s.", rescue->table->relation,
						   misfits),
				 errhint(
					 "Drop, rename or alter that one, or give another name: to_table => 'schema.name', or to_schema.")));
}

/* Never back: what they have given since has been given. */
void
poc_rescue_advance_sequences(PocRescue *rescue)
{
	Jsonb *sequences = poc_json_member(rescue->table->definition, "sequences", jbvArray);
	char *position = "SELECT pg_catalog.setval(q.seqrelid, %s, %s) FROM pg_catalog.pg_sequence AS q "
					 "WHERE q.seqrelid = pg_catalog.pg_get_serial_sequence(%s, %s)::pg_catalog.regclass AND %s BETWEEN q.seqmin AND q.seqmax AND "
					 "CASE WHEN q.seqincrement > 0 THEN %s > coalesce(pg_catalog.pg_sequence_last_value(q.seqrelid), q.seqstart - 1) "
					 "ELSE %s < coalesce(pg_catalog.pg_sequence_last_value(q.seqrelid), q.seqstart + 1) END";

	if (!rescue->table->is_there)
		return;
	for (uint32 i = 0; sequences != NULL && i < JsonContainerSize(&sequences->root); i++)
	{
		JsonbValue *element = getIthJsonbValueFromContainer(&sequences->root, i);
		Jsonb *sequence = element->type == jbvBinary ? JsonbValueToJsonb(element) : NULL;
		char *column = sequence != NULL ? poc_json_text(sequence, "column") : NULL;
		int64 number;
		char *value;

		if (column == NULL || !poc_json_bigint(sequence, "value", &number))
			continue;
		value = psprintf("'" INT64_FORMAT "'::pg_catalog.int8", number);
		poc_rescue_run_as_owner(rescue,
								psprintf(position, value,
										 poc_json_true(sequence, "is_called") ? "true" : "false",
										 quote_literal_cstr(rescue->table->home),
										 quote_literal_cstr(column), value, value, value));
	}
}
