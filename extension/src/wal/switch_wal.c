/*-------------------------------------------------------------------------
 *
 * switch_wal.c
 *	  Closes the current WAL segment, with a tick before and after.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/xlog.h"
#include "access/xlog_internal.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/pg_lsn.h"

#include "base/compat.h"
#include "wal/switch_wal.h"
#include "wal/tick.h"

static char *segment_closed_by(XLogRecPtr end);

PG_FUNCTION_INFO_V1(poc_wal_switch_sql);

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
