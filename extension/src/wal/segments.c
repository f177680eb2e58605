/*-------------------------------------------------------------------------
 *
 * segments.c
 *	  WAL segments: filling them, and closing the current one.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/xlog.h"
#include "access/xlog_internal.h"
#include "common/pg_prng.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "replication/message.h"
#include "utils/builtins.h"
#include "utils/pg_lsn.h"

#include "base/compat.h"
#include "wal/segments.h"
#include "wal/tick.h"

/*
 * Size of one message of poc_generate_wal().  Large enough to make the header
 * negligible, small enough to allow interrupts and to spare the WAL buffers.
 */
#define MESSAGE_SIZE (128 * 1024)

/* Protects the disk from a typing error. */
#define MAX_GENERATED_WAL (INT64CONST(64) * 1024 * 1024 * 1024)

static char *segment_closed_by(XLogRecPtr end);
static char *noise(Size size);

PG_FUNCTION_INFO_V1(poc_generate_wal);
PG_FUNCTION_INFO_V1(poc_wal_switch_sql);

/*
 * poc_generate_wal(size text, OUT start_lsn, OUT end_lsn, OUT bytes, OUT segments)
 */
Datum
poc_generate_wal(PG_FUNCTION_ARGS)
{
	int64 size = DatumGetInt64(DirectFunctionCall1(pg_size_bytes, PG_GETARG_DATUM(0)));
	char *message;
	XLogRecPtr start;
	XLogRecPtr end;
	TupleDesc tupdesc;
	Datum values[4];
	bool nulls[4] = {false};

	if (get_call_result_type(fcinfo, NULL, &tupdesc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	if (size <= 0 || size > MAX_GENERATED_WAL)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("size of WAL to generate is out of range: %s",
							   text_to_cstring(PG_GETARG_TEXT_PP(0))),
						errdetail("It must be more than 0 and at most 64 GB."),
						errhint("Call the function several times for more.")));
	poc_wal_require_primary();

	message = noise(MESSAGE_SIZE);
	start = GetXLogInsertRecPtr();
	end = start;
	while (end - start < (uint64) size)
	{
		CHECK_FOR_INTERRUPTS();
		end = LogLogicalMessage(POC_WAL_PREFIX, message, Min(MESSAGE_SIZE, size - (end - start)),
								false, false);
	}
	XLogFlush(end);

	values[0] = LSNGetDatum(start);
	values[1] = LSNGetDatum(end);
	values[2] = Int64GetDatum((int64) (end - start));
	values[3] = Int64GetDatum((int64) (end / wal_segment_size - start / wal_segment_size));
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(tupdesc), values, nulls)));
}

/*
 * _poc.wal_switch(force boolean, OUT wal_file text, OUT lsn pg_lsn, OUT switched boolean)
 *
 * Closes the current segment and writes a tick into the next.  Unless forced,
 * it does not switch if this session closed the last segment and only ticks
 * and the server's own snapshots of running transactions followed.
 */
Datum
poc_wal_switch_sql(PG_FUNCTION_ARGS)
{
	static XLogRecPtr last_switch = InvalidXLogRecPtr;
	bool force = PG_GETARG_BOOL(0);
	bool switched = false;
	TupleDesc tupdesc;
	Datum values[3];
	bool nulls[3] = {false};

	if (get_call_result_type(fcinfo, NULL, &tupdesc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	poc_wal_require_primary();

	if (force)
		poc_wal_tick();

	/*
	 * Records are located by their start: our own switch record starts before
	 * last_switch, a later important record does not.
	 */
	if (force || last_switch == InvalidXLogRecPtr || GetLastImportantRecPtr() >= last_switch)
	{
		last_switch = poc_wal_switch();
		switched = XLogSegmentOffset(last_switch, wal_segment_size) != 0;
	}
	poc_wal_tick();

	values[0] = CStringGetTextDatum(segment_closed_by(last_switch));
	values[1] = LSNGetDatum(last_switch);
	values[2] = BoolGetDatum(switched);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(tupdesc), values, nulls)));
}

/*
 * Closes the current segment.  Returns the end of the switch record, or the
 * start of the segment if it was empty.
 */
XLogRecPtr
poc_wal_switch(void)
{
	return RequestXLogSwitch(false);
}

/*
 * Returns the name of the segment that a switch closed, from the result of
 * poc_wal_switch().
 *
 * At the start of a segment, the switch closed nothing, and the last closed segment is
 * the previous one.  The same applies to a switch record that filled its segment to the
 * last byte: its end counts as after the header of the next page.
 */
static char *
segment_closed_by(XLogRecPtr end)
{
	uint32 offset = XLogSegmentOffset(end, wal_segment_size);
	XLogSegNo segment;
	char name[MAXFNAMELEN];

	if (offset <= SizeOfXLogLongPHD)
		end -= offset;
	XLByteToPrevSeg(end, segment, wal_segment_size);
	XLogFileName(name, GetWALInsertionTimeLine(), segment, wal_segment_size);
	return pstrdup(name);
}

/*
 * Returns incompressible bytes, so that a megabyte of WAL is a megabyte in
 * Barman's archive too.
 */
static char *
noise(Size size)
{
	char *bytes = palloc(size);
	pg_prng_state state;

	pg_prng_seed(&state, 42);
	for (Size i = 0; i + sizeof(uint64) <= size; i += sizeof(uint64))
	{
		uint64 value = pg_prng_uint64(&state);

		memcpy(bytes + i, &value, sizeof(value));
	}
	return bytes;
}
