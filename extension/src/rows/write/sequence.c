/*-------------------------------------------------------------------------
 *
 * sequence.c
 *	  Takes values from a sequence, many at a time.
 *
 * nextval() costs a fifth of a whole load, so one nextval() and one setval()
 * take a batch of values.  That is only allowed while no other session can
 * draw a value between the two.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_sequence.h"
#include "catalog/pg_type.h"
#include "commands/sequence.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "base/compat.h"
#include "rows/plan/parts.h"
#include "rows/value/arena.h"
#include "rows/write/making.h"

/* Same as the number of rows per batch. */
#define BATCH_VALUES 1000

static int64 next_number(RowsColumn *column, uint64 wanted);
static void reserve(RowsColumn *column, uint64 wanted);
static void check_room(RowsPlan *plan, RowsColumn *column, uint64 wanted);

/* Fail before taking the first value: a sequence does not roll back. */
void
rows_check_sequences(RowsPlan *plan, uint64 nrows)
{
	for (int i = 0; i < plan->natts; i++)
	{
		uint64 wanted = 0;

		if (plan->columns[i].kind != ROWS_COLUMN_SEQUENCE)
			continue;
		/* several columns may draw from it */
		for (int j = 0; j < plan->natts; j++)
		{
			if (plan->columns[j].kind == ROWS_COLUMN_SEQUENCE &&
				plan->columns[j].sequence == plan->columns[i].sequence)
				wanted += nrows;
		}
		check_room(plan, &plan->columns[i], wanted);
	}
}

static void
check_room(RowsPlan *plan, RowsColumn *column, uint64 wanted)
{
	HeapTuple tuple;
	Form_pg_sequence form;
	int64 most = column->sequence_type == INT2OID	? PG_INT16_MAX
				 : column->sequence_type == INT4OID ? PG_INT32_MAX
													: PG_INT64_MAX;
	int64 least = column->sequence_type == INT2OID	 ? PG_INT16_MIN
				  : column->sequence_type == INT4OID ? PG_INT32_MIN
													 : PG_INT64_MIN;
	int64 next;
	int64 increment;
	uint64 left;
	bool cycles;
	bool ascends;
	NullableDatum last;
	LOCAL_FCINFO(fcinfo, 1);

	/* UPDATE alone allows nextval(), but not reading the sequence */
	if (pg_class_aclcheck(column->sequence, GetUserId(), ACL_USAGE | ACL_SELECT) != ACLCHECK_OK)
		return;
	InitFunctionCallInfoData(*fcinfo, NULL, 1, InvalidOid, NULL, NULL);
	fcinfo->args[0].value = ObjectIdGetDatum(column->sequence);
	fcinfo->args[0].isnull = false;
	last.value = pg_sequence_last_value(fcinfo);
	last.isnull = fcinfo->isnull;

	tuple = SearchSysCache1(SEQRELID, ObjectIdGetDatum(column->sequence));
	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for sequence %u", column->sequence);
	form = (Form_pg_sequence) GETSTRUCT(tuple);
	increment = form->seqincrement;
	cycles = form->seqcycle;
	most = Min(most, form->seqmax);
	least = Max(least, form->seqmin);
	next = last.isnull ? form->seqstart : DatumGetInt64(last.value);
	if (next > most || next < least)
		left = 0;
	else if (increment > 0)
		left = ((uint64) most - (uint64) next) / (uint64) increment + (last.isnull ? 1 : 0);
	else
		left = ((uint64) next - (uint64) least) / ((uint64) 0 - (uint64) increment) +
			   (last.isnull ? 1 : 0);
	ascends = increment > 0 && !cycles;
	ReleaseSysCache(tuple);

	if (ascends && left > 0)
		rows_find_taken(plan, column, last.isnull ? next : next + increment);
	if (!cycles && left < wanted)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("sequence \"%s\" has no values left for " UINT64_FORMAT " rows",
						get_rel_name(column->sequence), wanted),
				 errdetail("Column \"%s\" of table \"%s\" takes its values from there, and " UINT64_FORMAT
						   " are left.",
						   NameStr(TupleDescAttr(RelationGetDescr(plan->rel), column->attnum - 1)->attname),
						   RelationGetRelationName(plan->rel), left),
				 errhint("Ask for fewer rows, or give the column and its sequence a larger type.")));
}

/* The next value; the caller needs at most `wanted` more, this one included. */
Datum
rows_next_in_sequence(RowsColumn *column, uint64 wanted, RowsArena *arena)
{
	int64 number;

	do
		number = next_number(column, wanted);
	while (unlikely(column->ntaken > 0) && rows_is_taken(column, number));

	switch (column->sequence_type)
	{
		case INT2OID:
			if (number != (int16) number)
				ereport(ERROR, (errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
								errmsg("smallint out of range")));
			return Int16GetDatum((int16) number);
		case INT4OID:
			if (number != (int32) number)
				ereport(ERROR, (errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
								errmsg("integer out of range")));
			return Int32GetDatum((int32) number);
		default:
#ifdef USE_FLOAT8_BYVAL
			return Int64GetDatum(number);
#else
		{
			int64 *kept = rows_alloc(arena, sizeof(int64));

			*kept = number;
			return PointerGetDatum(kept);
		}
#endif
	}
}

static int64
next_number(RowsColumn *column, uint64 wanted)
{
	int64 number;

	if (column->reserved == 0 && wanted > 1)
		reserve(column, Min(wanted, BATCH_VALUES));
	if (column->reserved == 0)
		return nextval_internal(column->sequence, column->sequence_checked);
	number = column->next_number;
	column->reserved--;
	if (column->reserved > 0)
		column->next_number += column->increment;
	return number;
}

/*
 * Take several values at once, if that is possible now.
 *
 * nextval() holds RowExclusiveLock on the sequence until the end of its
 * transaction.  If ShareRowExclusiveLock is free, no other session is between
 * two values, and none can start while we hold it.
 */
static void
reserve(RowsColumn *column, uint64 wanted)
{
	HeapTuple tuple;
	Form_pg_sequence form;
	bool possible;
	int64 increment;
	int64 first;
	int64 room;

	if (pg_class_aclcheck(column->sequence, GetUserId(), ACL_UPDATE) != ACLCHECK_OK)
		return;
	if (!ConditionalLockRelationOid(column->sequence, ShareRowExclusiveLock))
		return;

	tuple = SearchSysCache1(SEQRELID, ObjectIdGetDatum(column->sequence));
	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for sequence %u", column->sequence);
	form = (Form_pg_sequence) GETSTRUCT(tuple);
	increment = form->seqincrement;
	/* seqcache values belong to one session, and a cycle has no order */
	possible = (form->seqcache == 1 && !form->seqcycle && increment > 0);

	if (possible)
	{
		first = nextval_internal(column->sequence, column->sequence_checked);
		room = (int64) (((uint64) form->seqmax - (uint64) first) / (uint64) increment);
		wanted = Min(wanted, (uint64) room + 1);
		column->next_number = first;
		column->increment = increment;
		column->reserved = wanted;
		if (wanted > 1)
			DirectFunctionCall2(setval_oid, ObjectIdGetDatum(column->sequence),
								Int64GetDatum(first + (int64) (wanted - 1) * increment));
	}
	ReleaseSysCache(tuple);
	UnlockRelationOid(column->sequence, ShareRowExclusiveLock);
}
