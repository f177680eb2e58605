/*-------------------------------------------------------------------------
 *
 * home_fingerprint.c
 *	  Compares the fingerprint of a rescued table with that in the restored server.
 *
 * What differs raises an error, so that nothing of the rescue stays.  The table is read with
 * its owner's rights, never with those of the caller or of the extension.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "base/acting_role.h"
#include "base/compat.h"
#include "base/sibling.h"
#include "client/json.h"
#include "rescue/home_fingerprint.h"
#include "rescue/home_table.h"
#include "rescue/home_triggers.h"
#include "rescue/pinned_settings.h"
#include "rescue/step_list.h"

static Datum columns_then(PocRescue *rescue);
static Jsonb *fingerprint_there(Jsonb *result, int number);

/* With the owner's rights, as to read the table may run code of his */
void
poc_rescue_fingerprint_home(PocRescue *rescue)
{
	Oid types[] = {REGCLASSOID, TEXTARRAYOID};
	/* the columns of one that is there, or inherits, may be in another order here */
	bool by_name = rescue->table->is_there ||
				   poc_json_member(rescue->table->definition, "parents", jbvArray) != NULL;
	Oid function = by_name
					   ? poc_internal_sibling(rescue->function, "fingerprint_of_columns", 2, types)
					   : poc_sibling(rescue->function, "poc_fingerprint", 1, types);
	PocActing acting = poc_act_as(rescue->table->owner, SECURITY_RESTRICTED_OPERATION);
	HeapTupleHeader row;
	bool isnull;

	poc_rescue_pin_settings();
	row = DatumGetHeapTupleHeader(
		by_name
			? OidFunctionCall2(function, ObjectIdGetDatum(rescue->table->relid), columns_then(rescue))
			: OidFunctionCall1(function, ObjectIdGetDatum(rescue->table->relid)));
	poc_stop_acting(&acting);
	rescue->table->home_rows = DatumGetInt64(GetAttributeByName(row, "rows", &isnull));
	rescue->table->home_hash = TextDatumGetCString(GetAttributeByName(row, "hash", &isnull));
	poc_rescue_step(rescue, "fingerprint", INT64_FORMAT " rows here", rescue->table->home_rows);
}

/* Their names, in the order that they had, as an array of text */
static Datum
columns_then(PocRescue *rescue)
{
	List *columns = poc_rescue_texts(rescue, "all_columns");
	Datum *names = palloc(list_length(columns) * sizeof(Datum));
	int n = 0;
	ListCell *cell;

	foreach (cell, columns)
		names[n++] = CStringGetTextDatum(strVal(lfirst(cell)));
	return PointerGetDatum(construct_array(names, n, TEXTOID, -1, false, TYPALIGN_INT));
}

/* As the job tells it of that table; NULL if it does not */
static Jsonb *
fingerprint_there(Jsonb *result, int number)
{
	Jsonb *tables = result != NULL ? poc_json_member(result, "tables", jbvArray) : NULL;
	JsonbValue *value = tables != NULL
							? getIthJsonbValueFromContainer(&tables->root, (uint32) number)
							: NULL;

	return value != NULL && value->type == jbvBinary && JsonContainerIsObject(value->val.binary.data)
			   ? JsonbValueToJsonb(value)
			   : NULL;
}

/* What came home must be what was there: else nothing of it stays. */
void
poc_rescue_compare(PocRescue *rescue)
{
	Jsonb *result = poc_json_member(rescue->job, "result", jbvObject);
	Jsonb *there = fingerprint_there(result, rescue->table->number);
	char *hash = there != NULL ? poc_json_text(there, "hash") : NULL;
	char *fired = poc_rescue_fired_triggers(rescue);
	int64 rows = -1;

	if (hash == NULL || !poc_json_bigint(there, "rows", &rows) ||
		rows != rescue->table->home_rows || strcmp(hash, rescue->table->home_hash) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("table %s did not come home as it was", rescue->table->relation),
				 errdetail("The restored server had " INT64_FORMAT
						   " rows with fingerprint %s, here are " INT64_FORMAT " with %s.",
						   rows, hash != NULL ? hash : "unknown", rescue->table->home_rows,
						   rescue->table->home_hash),
				 fired != NULL
					 ? errhint("Triggers that fired may have changed, left out or added rows: %s. Disable these, or rescue without fire_triggers; nothing was kept.",
							   fired)
					 : errhint(
						   "A type that is written in another way here (an enum, a composite type, a library's version) may be why; nothing was kept.")));
	poc_rescue_step(rescue, "compare",
					INT64_FORMAT
					" rows, the same fingerprint as in the restored server (backup %s, recovered to %s)",
					rows,
					poc_json_text(result, "backup_id") ? poc_json_text(result, "backup_id")
													   : "unknown",
					poc_json_text(result, "recovered_lsn") ? poc_json_text(result, "recovered_lsn")
														   : "an unknown position");
}
