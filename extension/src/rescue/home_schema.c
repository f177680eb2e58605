/*-------------------------------------------------------------------------
 *
 * home_schema.c
 *	  The schema that a table comes home to, and the right to make it there.
 *
 * A table is made with the rights of its owner, who may lack those that he needs in the
 * schema.  The caller lends them to him for the time of the transaction, and what else he
 * has made there meanwhile ends the rescue.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/acl.h"
#include "utils/builtins.h"

#include "base/compat.h"
#include "client/json.h"
#include "rescue/home_schema.h"
#include "rescue/own_functions.h"
#include "rescue/run_as.h"

static void make_schema(PocRescue *rescue);
static void lock_schema(PocRescue *rescue);
static int64 count_others(PocRescue *rescue);
static int64 count_made(PocRescue *rescue);
static int64 size_of(Jsonb *definition, const char *list);
static void change_loan(PocRescue *rescue, const char *verb, const char *preposition);

/*
 * Whoever else is making it at the moment is waited for: what he has made serves us too.
 */
static void
make_schema(PocRescue *rescue)
{
	if (OidIsValid(get_namespace_oid(rescue->table->home_schema, true)))
		return;
	lock_schema(rescue);
	if (!OidIsValid(get_namespace_oid(rescue->table->home_schema, true)))
		poc_rescue_run_as_caller(
			psprintf("CREATE SCHEMA %s", quote_identifier(rescue->table->home_schema)));
	CommandCounterIncrement();
}

/* Two rescues into one schema, of which each makes or lends it: one after the other */
static void
lock_schema(PocRescue *rescue)
{
	LockDatabaseObject(NamespaceRelationId,
					   hash_bytes((unsigned char *) rescue->table->home_schema,
								  strlen(rescue->table->home_schema)),
					   0, ExclusiveLock);
}

/*
 * Before anything is lent to anybody, as roles have what others have whose members they
 * are: what the owner lacks in the schema, and what he has made there.
 */
void
poc_rescue_prepare_loan(PocRescue *rescue)
{
	PocRescuedTable *table = rescue->table;
	Oid schema;

	if (table->is_there)
		return;
	make_schema(rescue);
	schema = get_namespace_oid(table->home_schema, false);
	if (object_aclcheck(NamespaceRelationId, schema, table->owner, ACL_USAGE) != ACLCHECK_OK ||
		object_aclcheck(NamespaceRelationId, schema, table->owner, ACL_CREATE) != ACLCHECK_OK)
		lock_schema(rescue);
	table->others = count_others(rescue);
	table->lends_usage = object_aclcheck(NamespaceRelationId, schema, table->owner, ACL_USAGE) !=
						 ACLCHECK_OK;
	table->lends_create = object_aclcheck(NamespaceRelationId, schema, table->owner, ACL_CREATE) !=
						  ACLCHECK_OK;
}

/*
 * For the time of this transaction the owner may make tables in the schema; and nothing
 * else (poc_rescue_end_loan()).
 */
void
poc_rescue_lend(PocRescue *rescue)
{
	change_loan(rescue, "GRANT", "TO");
}

/* Tables, sequences, functions, types and the like of the owner in the schema */
static int64
count_others(PocRescue *rescue)
{
	Oid types[] = {OIDOID, OIDOID};
	Datum values[] = {ObjectIdGetDatum(rescue->table->owner),
					  ObjectIdGetDatum(get_namespace_oid(rescue->table->home_schema, false))};

	poc_rescue_ask_keeper(rescue, "SELECT _poc.rescue_others($1, $2)", lengthof(types), types,
						  values, NULL);
	return strtoi64(poc_rescue_answer(1), NULL, 10);
}

/* Tables and sequences that this rescue has made for the same owner in the same schema */
static int64
count_made(PocRescue *rescue)
{
	int64 made = 0;
	ListCell *cell;

	foreach (cell, rescue->tables)
	{
		PocRescuedTable *table = lfirst(cell);

		if (!table->is_there && table->owner == rescue->table->owner &&
			strcmp(table->home_schema, rescue->table->home_schema) == 0)
			made += size_of(table->definition, "tables") + size_of(table->definition, "sequences");
	}
	return made;
}

static int64
size_of(Jsonb *definition, const char *list)
{
	Jsonb *array = poc_json_member(definition, list, jbvArray);

	return array != NULL ? JsonContainerSize(&array->root) : 0;
}

static void
change_loan(PocRescue *rescue, const char *verb, const char *preposition)
{
	const char *what = rescue->table->lends_usage && rescue->table->lends_create ? "USAGE, CREATE"
					   : rescue->table->lends_usage								 ? "USAGE"
					   : rescue->table->lends_create							 ? "CREATE"
																				 : NULL;

	if (what == NULL)
		return;
	poc_rescue_run_as_caller(
		psprintf("%s %s ON SCHEMA %s %s %s", verb, what, quote_identifier(rescue->table->home_schema),
				 preposition, quote_identifier(GetUserNameFromId(rescue->table->owner, false))));
	CommandCounterIncrement();
}

/* Only when all tables are finished: what one was lent serves the others of its owner. */
void
poc_rescue_end_loan(PocRescue *rescue)
{
	if (rescue->table->lends_create &&
		count_others(rescue) != rescue->table->others + count_made(rescue))
		ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
						errmsg("code of the owner of table %s has made other objects in schema %s",
							   rescue->table->relation, quote_identifier(rescue->table->home_schema)),
						errdetail("He was lent the right to make the table there alone.")));
	change_loan(rescue, "REVOKE", "FROM");
}
