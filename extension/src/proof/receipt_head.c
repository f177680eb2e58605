/*-------------------------------------------------------------------------
 *
 * receipt_head.c
 *	  The newest receipt, which the next one follows.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/snapmgr.h"

#include "base/compat.h"

PG_FUNCTION_INFO_V1(poc_receipt_head);

/*
 * _poc.receipt_head(): (n bigint, hash text).  The caller holds the lock of the chain, so
 * nobody appends to it meanwhile; but a transaction of REPEATABLE READ does not see what
 * was appended since it began, with the snapshot that it has.
 */
Datum
poc_receipt_head(PG_FUNCTION_ARGS)
{
	TupleDesc tupdesc;
	Datum values[2] = {0};
	bool isnull[2] = {true, true};
	HeapTupleHeader tuple;

	if (get_call_result_type(fcinfo, NULL, &tupdesc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	PushActiveSnapshot(GetLatestSnapshot());
	SPI_connect();
	if (SPI_execute("SELECT r.n, r.hash FROM _poc.receipts AS r ORDER BY r.n DESC LIMIT 1", true,
					1) != SPI_OK_SELECT)
		elog(ERROR, "could not read the newest receipt");
	if (SPI_processed > 0)
	{
		for (int i = 0; i < 2; i++)
			values[i] = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, i + 1,
									  &isnull[i]);
	}
	tuple = SPI_returntuple(heap_form_tuple(tupdesc, values, isnull), tupdesc);
	SPI_finish();
	PopActiveSnapshot();
	PG_RETURN_HEAPTUPLEHEADER(tuple);
}
