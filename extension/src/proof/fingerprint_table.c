/*-------------------------------------------------------------------------
 *
 * fingerprint_table.c
 *	  The fingerprint of a whole table by its OID, without a query.
 *
 * It must never run code of the table's owner.  A query finds whatever table
 * has the name by then, and its planner evaluates index expressions.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/relation.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/tupconvert.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_proc.h"
#include "executor/executor.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "rewrite/rewriteHandler.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/rls.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"

#include "base/compat.h"
#include "proof/fingerprint.h"

PG_FUNCTION_INFO_V1(poc_fingerprint_of);

static void add_rows(PocFingerprint *sum, PocRowHash *hash, Relation rel, TupleDesc tupdesc);
static ExprState **virtual_columns(Relation rel, EState *estate);

/* Sets what the SET clauses of poc_fingerprint() set, until the GUC nest level ends. */
void
poc_fingerprint_settings(Oid fingerprint)
{
	HeapTuple tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(fingerprint));
	Datum config;
	bool isnull;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for function %u", fingerprint);
	config = SysCacheGetAttr(PROCOID, tuple, Anum_pg_proc_proconfig, &isnull);
	if (!isnull)
		ProcessGUCArray(DatumGetArrayTypeP(config), PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE);
	ReleaseSysCache(tuple);
}

/*
 * Sums the rows of a table and its children, which the caller has locked and
 * may read.  Raises an error if row security would hide rows.
 */
PocFingerprint
poc_fingerprint_table(Oid relid)
{
	PocFingerprint sum = {0};
	Relation rel = table_open(relid, AccessShareLock);
	PocRowHash *hash;
	ListCell *cell;

	(void) check_enable_rls(relid, InvalidOid, false);
	hash = poc_row_hash(RelationGetDescr(rel), CurrentMemoryContext);
	foreach (cell, find_all_inheritors(relid, AccessShareLock, NULL))
	{
		Relation member = table_open(lfirst_oid(cell), NoLock);

		if (RELKIND_HAS_STORAGE(member->rd_rel->relkind))
			add_rows(&sum, hash, member, RelationGetDescr(rel));
		table_close(member, NoLock);
	}
	poc_row_hash_free(hash);
	table_close(rel, NoLock);
	return sum;
}

/*
 * (relation oid, OUT rows bigint, OUT hash text), for a drill, which creates
 * it in the restored server.  Uses the settings of that connection.
 */
Datum
poc_fingerprint_of(PG_FUNCTION_ARGS)
{
	Oid relid = PG_GETARG_OID(0);
	Relation rel = table_open(relid, AccessShareLock);
	char kind = rel->rd_rel->relkind;
	PocFingerprint sum;
	TupleDesc tupdesc;
	Datum values[2];
	bool nulls[2] = {false};

	if (kind != RELKIND_RELATION && kind != RELKIND_PARTITIONED_TABLE && kind != RELKIND_MATVIEW)
		ereport(ERROR, (errcode(ERRCODE_WRONG_OBJECT_TYPE),
						errmsg("\"%s\" holds no rows of its own", RelationGetRelationName(rel))));
	if (pg_class_aclcheck(relid, GetUserId(), ACL_SELECT) != ACLCHECK_OK)
		aclcheck_error(ACLCHECK_NO_PRIV, OBJECT_TABLE, RelationGetRelationName(rel));
	sum = poc_fingerprint_table(relid);
	table_close(rel, NoLock);

	if (get_call_result_type(fcinfo, NULL, &tupdesc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	values[0] = Int64GetDatum((int64) sum.rows);
	values[1] = CStringGetTextDatum(poc_fingerprint_text(&sum));
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(tupdesc), values, nulls)));
}

static void
add_rows(PocFingerprint *sum, PocRowHash *hash, Relation rel, TupleDesc tupdesc)
{
	/* a child may have more columns, and in another order */
	TupleConversionMap *map = convert_tuples_by_name(RelationGetDescr(rel), tupdesc);
	TupleTableSlot *slot = table_slot_create(rel, NULL);
	TupleTableSlot *mapped = map != NULL ? MakeSingleTupleTableSlot(tupdesc, &TTSOpsVirtual) : NULL;
	EState *estate = CreateExecutorState();
	ExprContext *context = GetPerTupleExprContext(estate);
	ExprState **expressions = virtual_columns(rel, estate);
	int natts = RelationGetDescr(rel)->natts;
	TableScanDesc scan = table_beginscan(rel, GetActiveSnapshot(), 0, NULL, 0);

	while (table_scan_getnextslot(scan, ForwardScanDirection, slot))
	{
		TupleTableSlot *row = slot;
		MemoryContext old;

		CHECK_FOR_INTERRUPTS();
		ResetPerTupleExprContext(estate);
		old = MemoryContextSwitchTo(GetPerTupleMemoryContext(estate));
		slot_getallattrs(slot);
		for (int i = 0; expressions != NULL && i < natts; i++)
		{
			if (expressions[i] == NULL)
				continue;
			context->ecxt_scantuple = slot;
			slot->tts_values[i] = ExecEvalExpr(expressions[i], context, &slot->tts_isnull[i]);
		}
		if (map != NULL)
			row = execute_attr_map_slot(map->attrMap, slot, mapped);
		poc_fingerprint_row(sum, hash, row->tts_values, row->tts_isnull);
		MemoryContextSwitchTo(old);
	}
	table_endscan(scan);
	FreeExecutorState(estate);
	if (mapped != NULL)
		ExecDropSingleTupleTableSlot(mapped);
	ExecDropSingleTupleTableSlot(slot);
	if (map != NULL)
		free_conversion_map(map);
}

/* Expressions of virtual generated columns; PostgreSQL allows only built-in functions in them. */
static ExprState **
virtual_columns(Relation rel, EState *estate)
{
	TupleDesc tupdesc = RelationGetDescr(rel);
	ExprState **expressions;

	if (tupdesc->constr == NULL || !poc_has_virtual_columns(tupdesc->constr))
		return NULL;
	expressions = palloc0(sizeof(ExprState *) * tupdesc->natts);
	for (int i = 0; i < tupdesc->natts; i++)
	{
		if (TupleDescAttr(tupdesc, i)->attgenerated == ATTRIBUTE_GENERATED_VIRTUAL &&
			!TupleDescAttr(tupdesc, i)->attisdropped)
			expressions[i] = ExecPrepareExpr((Expr *) build_generation_expression(rel, i + 1),
											 estate);
	}
	return expressions;
}
