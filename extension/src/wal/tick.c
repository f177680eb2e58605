/*-------------------------------------------------------------------------
 *
 * tick.c
 *	  The tick: a small WAL record that makes Barman archive the previous segment.
 *
 * Barman archives a segment only after it has received a byte of the next one.  On an
 * idle server nothing writes that byte, so this file does.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xlog.h"
#include "access/xloginsert.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "replication/message.h"
#include "utils/pg_lsn.h"

#include "base/compat.h"
#include "wal/tick.h"

PG_FUNCTION_INFO_V1(poc_wal_tick_sql);

/*
 * _poc.wal_tick() returns pg_lsn
 */
Datum
poc_wal_tick_sql(PG_FUNCTION_ARGS)
{
	poc_wal_require_primary();
	PG_RETURN_LSN(poc_wal_tick());
}

/*
 * Writes and flushes a small WAL record, independently of the transaction's outcome.
 *
 * It writes what LogLogicalMessage() writes, but marks it unimportant: an idle server
 * stays idle for archive_timeout and the background writer, and does not answer each
 * tick with a checkpoint and a new segment.
 */
XLogRecPtr
poc_wal_tick(void)
{
	static char prefix[] = POC_WAL_PREFIX;
	static char message[] = "tick";
	xl_logical_message record;
	XLogRecPtr end;

	memset(&record, 0, sizeof(record));
	record.dbId = MyDatabaseId;
	record.transactional = false;
	record.prefix_size = sizeof(prefix);
	record.message_size = sizeof(message) - 1;

	XLogBeginInsert();
	XLogRegisterData((char *) &record, SizeOfLogicalMessage);
	XLogRegisterData(prefix, record.prefix_size);
	XLogRegisterData(message, record.message_size);
	XLogSetRecordFlags(XLOG_MARK_UNIMPORTANT);
	end = XLogInsert(RM_LOGICALMSG_ID, XLOG_LOGICAL_MESSAGE);
	XLogFlush(end);
	return end;
}

/* Raises an error on a standby, which writes no WAL of its own. */
void
poc_wal_require_primary(void)
{
	if (RecoveryInProgress())
		ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
						errmsg("recovery is in progress"),
						errdetail("A standby writes no WAL of its own."),
						errhint("Call this function on the primary.")));
}
