/*-------------------------------------------------------------------------
 *
 * generate_wal.c
 *	  Fills WAL with bytes that do not compress.
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
#include "wal/tick.h"

/*
 * Size of one message of poc_generate_wal().  Large enough to make the header
 * negligible, small enough to allow interrupts and to spare the WAL buffers.
 */
#define MESSAGE_SIZE (128 * 1024)

/* Protects the disk from a typing error. */
#define MAX_GENERATED_WAL (INT64CONST(64) * 1024 * 1024 * 1024)

static char *noise(Size size);

PG_FUNCTION_INFO_V1(poc_generate_wal);

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
