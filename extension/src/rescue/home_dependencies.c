/*-------------------------------------------------------------------------
 *
 * home_dependencies.c
 *	  What rescued tables depend on must be here before they are made: types, functions,
 *	  and whatever else the definition of a table names.
 *
 * Nothing of it is made here: it is the caller's to say what it is like today.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "utils/jsonb.h"

#include "base/compat.h"
#include "client/json.h"
#include "rescue/home_dependencies.h"
#include "rescue/own_functions.h"

/* Of all tables in one error */
void
poc_rescue_require_needs(PocRescue *rescue)
{
	Oid types[] = {JSONBOID};
	StringInfoData missing;
	ListCell *cell;

	initStringInfo(&missing);
	foreach (cell, rescue->tables)
	{
		PocRescuedTable *table = lfirst(cell);
		Jsonb *needs = poc_json_member(table->definition, "needs", jbvArray);
		Datum values[1];
		char *lacks;

		if (needs == NULL || table->is_there)
			continue;
		values[0] = JsonbPGetDatum(needs);
		poc_rescue_ask_keeper(rescue, "SELECT _poc.rescue_lacks($1)", 1, types, values, NULL);
		lacks = poc_rescue_answer(1);
		if (lacks == NULL)
			continue;
		if (list_length(rescue->tables) == 1)
			appendStringInfoString(&missing, lacks);
		else
			appendStringInfo(&missing, "%sfor %s: %s", missing.len > 0 ? "; " : "", table->relation,
							 lacks);
	}
	if (missing.len > 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 list_length(rescue->tables) == 1
					 ? errmsg("what table %s needs is missing in this database",
							  ((PocRescuedTable *) linitial(rescue->tables))->relation)
					 : errmsg("what some of the tables need is missing in this database"),
				 errdetail("Missing: %s.", missing.data),
				 errhint("Make it first; as it was it is in a restored instance: poc_restore().")));
}
