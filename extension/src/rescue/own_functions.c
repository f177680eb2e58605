/*-------------------------------------------------------------------------
 *
 * own_functions.c
 *	  Asks the extension's own functions, which nobody else may call.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"

#include "base/acting_role.h"
#include "base/compat.h"
#include "client/sidecar.h"
#include "rescue/own_functions.h"
#include "rescue/pinned_settings.h"
#include "rescue/step_list.h"

/* The home, among the arguments of poc_rescue() and poc_rescue_tables() */
#define ARGUMENT_HOME 4

static Datum search_path_of_caller(void);

/*
 * With the rights of the owner of the extension's tables.  Nothing may be looked up
 * where the caller says: a function, an operator or a cast of his would have them.
 */
void
poc_rescue_ask_keeper(PocRescue *rescue, const char *command, int nargs, Oid *types, Datum *values,
					  const char *nulls)
{
	PocActing acting = poc_act_as(rescue->keeper, SECURITY_LOCAL_USERID_CHANGE);

	poc_rescue_pin_settings();
	if (SPI_execute_with_args(command, nargs, types, values, nulls, false, 0) != SPI_OK_SELECT ||
		SPI_processed != 1)
		elog(ERROR, "%s: no row", command);
	poc_stop_acting(&acting);
}

/* A column of the only row of the last query, or NULL; lives as long as the rescue */
char *
poc_rescue_answer(int column)
{
	return SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, column);
}

/* The caller's arguments in their order, but that the list and the single table have one of their own for their home */
void
poc_rescue_ask(PocRescue *rescue, FunctionCallInfo fcinfo, Datum relations, bool is_list)
{
	enum
	{
		CALLER,
		RELATIONS,
		BEFORE,
		AS_OF,
		MARK,
		TO_TABLE,
		TO_SCHEMA,
		DRY_RUN,
		SERVER,
		SEARCH_PATH,
		COUNT
	};
	static const int given[] = {[BEFORE] = 1, [AS_OF] = 2, [MARK] = 3, [DRY_RUN] = 5, [SERVER] = 6};
	Oid types[COUNT] = {OIDOID,	 TEXTARRAYOID, PG_LSNOID, TIMESTAMPTZOID, TEXTOID,
						TEXTOID, TEXTOID,	   BOOLOID,	  TEXTOID,		  TEXTARRAYOID};
	Datum values[COUNT] = {0};
	char nulls[COUNT + 1] = "          ";
	Datum path;
	Datum body;
	bool isnull;

	for (int i = 0; i < (int) lengthof(given); i++)
	{
		if (given[i] == 0)
			continue;
		values[i] = fcinfo->args[given[i]].value;
		nulls[i] = fcinfo->args[given[i]].isnull ? 'n' : ' ';
	}
	values[TO_TABLE] = values[TO_SCHEMA] = fcinfo->args[ARGUMENT_HOME].value;
	nulls[TO_TABLE] = is_list || fcinfo->args[ARGUMENT_HOME].isnull ? 'n' : ' ';
	nulls[TO_SCHEMA] = !is_list || fcinfo->args[ARGUMENT_HOME].isnull ? 'n' : ' ';
	values[CALLER] = ObjectIdGetDatum(rescue->caller);
	values[RELATIONS] = relations;
	values[SEARCH_PATH] = search_path_of_caller();
	poc_rescue_ask_keeper(rescue,
						  "SELECT r.path, r.body, r.undone, r.plan "
						  "FROM _poc.rescue_request($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) AS r",
						  COUNT, types, values, nulls);
	path = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull);
	rescue->path = poc_sidecar_path(DatumGetArrayTypeP(path));
	body = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 2, &isnull);
	rescue->request = DatumGetJsonbPCopy(body);
	rescue->undone = poc_rescue_answer(3);
	if (rescue->undone != NULL)
		poc_rescue_step(rescue, "find", "%s", rescue->undone);
	poc_rescue_step(rescue, "plan", "%s", poc_rescue_answer(4));
}

/* The names of the schemas in it, as an array of text */
static Datum
search_path_of_caller(void)
{
	List *schemas = fetch_search_path(false);
	Datum *names = palloc(list_length(schemas) * sizeof(Datum));
	int n = 0;
	ListCell *cell;

	foreach (cell, schemas)
	{
		char *name = get_namespace_name(lfirst_oid(cell));

		if (name != NULL)
			names[n++] = CStringGetTextDatum(name);
	}
	return PointerGetDatum(construct_array(names, n, TEXTOID, -1, false, TYPALIGN_INT));
}

void
poc_rescue_keep_receipt(PocRescue *rescue)
{
	Oid types[] = {TIMESTAMPTZOID, TIMESTAMPTZOID, TEXTOID, TEXTOID, TEXTOID,	   JSONBOID,
				   JSONBOID,	   INT8OID,		   INT8OID, TEXTOID, TEXTARRAYOID, TEXTOID};
	Datum values[] = {
		TimestampTzGetDatum(GetCurrentTimestamp()),
		TimestampTzGetDatum(rescue->began),
		CStringGetTextDatum(GetUserNameFromId(rescue->caller, false)),
		CStringGetTextDatum(rescue->table->relation),
		CStringGetTextDatum(rescue->table->home),
		JsonbPGetDatum(rescue->request),
		JsonbPGetDatum(rescue->job),
		Int64GetDatum((int64) rescue->table->rows),
		Int64GetDatum((int64) rescue->table->bytes),
		rescue->undone != NULL ? CStringGetTextDatum(rescue->undone) : (Datum) 0,
		poc_rescue_step_texts(rescue),
		CStringGetTextDatum(rescue->table->home_hash),
	};

	poc_rescue_ask_keeper(rescue,
						  "SELECT _poc.rescue_receipt($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, pg_catalog.to_jsonb($11), $12)",
						  lengthof(types), types, values,
						  rescue->undone != NULL ? NULL : "         n  ");
}
