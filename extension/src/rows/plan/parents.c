/*-------------------------------------------------------------------------
 *
 * parents.c
 *	  The rows that a foreign key may refer to: read, and locked if possible.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/transam.h"
#include "catalog/pg_class.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "parser/parse_coerce.h"
#include "storage/lmgr.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rls.h"
#include "utils/syscache.h"

#include "base/compat.h"
#include "rows/plan/options.h"
#include "rows/plan/parents.h"
#include "rows/plan/parts.h"

/* Number of referenced rows to choose from. */
#define MOST_PARENTS 65536
/* ... if each row may be used only once */
#define MOST_UNIQUE_PARENTS (10 * 1000 * 1000)

static bool may_lock(Oid relid);
static char *parents_query(RowsPlan *plan, ForeignKeyCacheInfo *key, uint64 most, bool lock);
static void refuse_others_cast(ForeignKeyCacheInfo *key, Oid from, Oid to);
static char *referenced_table(ForeignKeyCacheInfo *key);
static char *is_complete(ForeignKeyCacheInfo *key);

/* Is there a unique index on the columns of the foreign key alone?  *one_null: nulls are not distinct in it. */
bool
rows_is_unique_alone(RowsPlan *plan, ForeignKeyCacheInfo *key, bool *one_null)
{
	ListCell *cell;
	bool found = false;

	if (one_null != NULL)
		*one_null = false;
	foreach (cell, RelationGetIndexList(plan->rel))
	{
		Relation index = index_open(lfirst_oid(cell), AccessShareLock);
		bool within = index->rd_index->indisunique;

		for (int i = 0; i < index->rd_index->indnkeyatts && within; i++)
		{
			within = false;
			for (int j = 0; j < key->nkeys; j++)
				within |= (index->rd_index->indkey.values[i] == key->conkey[j]);
		}
		found |= within;
		if (within && one_null != NULL)
			*one_null |= index->rd_index->indnullsnotdistinct;
		index_close(index, AccessShareLock);
	}
	return found;
}

/* Is there any row to refer to? */
bool
rows_has_parents(RowsPlan *plan, ForeignKeyCacheInfo *key)
{
	RowsOwner owner;
	bool found;

	LockRelationOid(key->confrelid, AccessShareLock);
	rows_act_as_parents_owner(plan, key, &owner);
	SPI_connect();
	if (SPI_execute(psprintf("SELECT FROM %s AS p WHERE %s LIMIT 1", referenced_table(key),
							 is_complete(key)),
					!plan->call.writing, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not look for rows of table %u: %s", key->confrelid,
			 SPI_result_code_string(SPI_result));
	found = SPI_processed > 0;
	SPI_finish();
	rows_stop_acting(&owner);
	return found;
}

/* Read the referenced rows, and lock them if the caller may. */
void
rows_read_parents(RowsPlan *plan, ForeignKeyCacheInfo *key, RowsForeign *foreign)
{
	MemoryContext context = CurrentMemoryContext;
	uint64 most = rows_is_unique_alone(plan, key, NULL) ? MOST_UNIQUE_PARENTS : MOST_PARENTS;
	bool lock = plan->call.writing && may_lock(key->confrelid) &&
				plan->options->foreign_keys != ROWS_FOREIGN_KEYS_EACH;
	char *query;
	bool same_types = true;
	RowsOwner owner;

	for (int i = 0; i < key->nkeys; i++)
		same_types &= (getBaseType(get_atttype(RelationGetRelid(plan->rel), key->conkey[i])) ==
					   getBaseType(get_atttype(key->confrelid, key->confkey[i])));

	/* the query finds the table by its name, which the lock keeps */
	LockRelationOid(key->confrelid, lock ? RowShareLock : AccessShareLock);
	rows_act_as_parents_owner(plan, key, &owner);
	lock = lock && may_lock(key->confrelid);
	query = parents_query(plan, key, most, lock);

	SPI_connect();
	if (SPI_execute(query, !plan->call.writing, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not read the rows of table %u: %s", key->confrelid,
			 SPI_result_code_string(SPI_result));
	foreign->nparents = SPI_processed;
	foreign->values = MemoryContextAllocHuge(context,
											 sizeof(Datum) * Max(foreign->nparents, 1) * key->nkeys);
	for (int i = 0; i < key->nkeys; i++)
	{
		int16 typlen;
		bool typbyval;

		get_typlenbyval(SPI_gettypeid(SPI_tuptable->tupdesc, i + 1), &typlen, &typbyval);
		for (uint64 row = 0; row < foreign->nparents; row++)
		{
			bool isnull;
			Datum datum = SPI_getbinval(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, i + 1,
										&isnull);
			MemoryContext old = MemoryContextSwitchTo(context);

			CHECK_FOR_INTERRUPTS();
			foreign->values[row * key->nkeys + i] = datumCopy(datum, typbyval, typlen);
			MemoryContextSwitchTo(old);
		}
	}
	SPI_finish();
	rows_stop_acting(&owner);
	foreign->locked = lock && same_types;
}

/* May the current role lock rows of the table?  That takes the UPDATE privilege. */
static bool
may_lock(Oid relid)
{
	return pg_class_aclcheck(relid, GetUserId(), ACL_UPDATE) == ACLCHECK_OK &&
		   check_enable_rls(relid, InvalidOid, true) != RLS_ENABLED;
}

static char *
parents_query(RowsPlan *plan, ForeignKeyCacheInfo *key, uint64 most, bool lock)
{
	StringInfoData query;
	StringInfoData names;
	HeapTuple tuple;
	float4 reltuples;
	char relkind;

	initStringInfo(&query);
	initStringInfo(&names);
	appendStringInfoString(&query, "SELECT ");
	for (int i = 0; i < key->nkeys; i++)
	{
		char *name = get_attname(key->confrelid, key->confkey[i], false);
		Oid type = getBaseType(get_atttype(RelationGetRelid(plan->rel), key->conkey[i]));
		Oid from = getBaseType(get_atttype(key->confrelid, key->confkey[i]));

		appendStringInfo(&query, "%sp.%s", i > 0 ? ", " : "", quote_identifier(name));
		if (type != from)
		{
			if (plan->call.explaining)
				refuse_others_cast(key, from, type);
			appendStringInfo(&query, "::%s",
							 format_type_extended(type, -1,
												  FORMAT_TYPE_TYPEMOD_GIVEN |
													  FORMAT_TYPE_FORCE_QUALIFY));
		}
		appendStringInfo(&names, "%sp.%s", i > 0 ? ", " : "", quote_identifier(name));
	}
	appendStringInfo(&query, " FROM %s AS p", referenced_table(key));

	/* sample some pages of a very large table */
	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(key->confrelid));
	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for relation %u", key->confrelid);
	reltuples = ((Form_pg_class) GETSTRUCT(tuple))->reltuples;
	relkind = ((Form_pg_class) GETSTRUCT(tuple))->relkind;
	ReleaseSysCache(tuple);
	if (relkind == RELKIND_RELATION && reltuples > 8.0 * most)
		appendStringInfo(&query, " TABLESAMPLE pg_catalog.system (%.6f) REPEATABLE (%u)",
						 200.0 * most / reltuples, (uint32) plan->seed);

	appendStringInfo(&query, " WHERE %s ORDER BY %s LIMIT " UINT64_FORMAT "%s", is_complete(key),
					 names.data, most, lock ? " FOR KEY SHARE OF p" : "");
	return query.data;
}

/* Who only asks runs no cast that the owner of a type has made. */
static void
refuse_others_cast(ForeignKeyCacheInfo *key, Oid from, Oid to)
{
	Oid function;

	if (from < FirstNormalObjectId && to < FirstNormalObjectId)
		return;
	switch (find_coercion_pathway(to, from, COERCION_EXPLICIT, &function))
	{
		case COERCION_PATH_RELABELTYPE:
			return;
		case COERCION_PATH_FUNC:
			if (function < FirstNormalObjectId)
				return;
			break;
		default:
			break;
	}
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 errmsg("cannot tell which rows of \"%s\" may be referred to",
					get_rel_name(key->confrelid)),
			 errdetail("Foreign key \"%s\" casts %s to %s by a function that a question must not run with your rights.",
					   get_constraint_name(key->conoid), format_type_be(from), format_type_be(to)),
			 errhint("Load rows and roll back.")));
}

/* A foreign key sees the partitions of a table, but not the children that inherit from it. */
static char *
referenced_table(ForeignKeyCacheInfo *key)
{
	return psprintf("%s%s",
					get_rel_relkind(key->confrelid) == RELKIND_PARTITIONED_TABLE ? "" : "ONLY ",
					quote_qualified_identifier(get_namespace_name(get_rel_namespace(key->confrelid)),
											   get_rel_name(key->confrelid)));
}

/* The condition of a row that can be referred to: no null. */
static char *
is_complete(ForeignKeyCacheInfo *key)
{
	StringInfoData condition;

	initStringInfo(&condition);
	for (int i = 0; i < key->nkeys; i++)
		appendStringInfo(&condition, "%sp.%s IS NOT NULL", i > 0 ? " AND " : "",
						 quote_identifier(get_attname(key->confrelid, key->confkey[i], false)));
	return condition.data;
}
