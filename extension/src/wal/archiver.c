/*-------------------------------------------------------------------------
 *
 * archiver.c
 *	  Whether this server's own archiving of WAL works.
 *
 * With archive_mode, PostgreSQL ends no backup before archive_command has taken its WAL,
 * even if Barman receives WAL by streaming.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xlog.h"
#include "fmgr.h"
#include "pgstat.h"
#include "utils/builtins.h"
#include "utils/guc.h"

#include "base/compat.h"
#include "wal/archiver.h"

PG_FUNCTION_INFO_V1(poc_archiver_trouble_sql);

/*
 * _poc.archiver_trouble() returns text
 */
Datum
poc_archiver_trouble_sql(PG_FUNCTION_ARGS)
{
	char *trouble = poc_archiver_trouble();

	if (trouble == NULL)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(trouble));
}

/*
 * Returns in words what is wrong with archive_command now, palloc'd; NULL if nothing is,
 * or if this server archives nothing.
 */
char *
poc_archiver_trouble(void)
{
	PgStat_ArchiverStats *stats;
	const char *library;

	if (RecoveryInProgress() ? !XLogArchivingAlways() : !XLogArchivingActive())
		return NULL;
	library = GetConfigOption("archive_library", true, false);
	if ((library == NULL || library[0] == '\0') &&
		GetConfigOption("archive_command", false, false)[0] == '\0')
		return pstrdup("archive_mode is on, but there is no archive_command");

	/* otherwise, it is read once per transaction */
	pgstat_clear_snapshot();
	stats = pgstat_fetch_stat_archiver();
	if (stats->failed_count == 0 || stats->last_failed_timestamp <= stats->last_archived_timestamp)
		return NULL;
	return psprintf("%s fails with segment %s, " INT64_FORMAT " times so far",
					library == NULL || library[0] == '\0' ? "archive_command" : "archive_library",
					stats->last_failed_wal, (int64) stats->failed_count);
}
