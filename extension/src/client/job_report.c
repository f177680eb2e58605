/*-------------------------------------------------------------------------
 *
 * job_report.c
 *	  Tells the client what a job says while it is followed.
 *
 * Line by line as it comes, or in brief: all lines at the end, in their order, as the detail
 * of one notice.  A job that the query does not see to its end is not told of in brief: its
 * log stays with the sidecar.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "executor/spi.h"
#include "lib/stringinfo.h"
#include "utils/backend_status.h"
#include "utils/timestamp.h"

#include "base/compat.h"
#include "base/progress_mode.h"
#include "client/job_report.h"
#include "client/json.h"

/* lines of one notice in brief: more are read in the log */
#define LINES_MOST 100

struct PocJobReport
{
	PocProgress progress;
	bool show_log;
	StringInfoData lines; /* in brief, what is to be told */
	int line_count;
	bool warned;
	char copied[100]; /* told last of a copy */
	TimestampTz copied_at;
};

static void report_line(PocJobReport *report, const char *level, const char *text);

PocJobReport *
poc_job_report_new(bool show_log)
{
	PocJobReport *report = palloc0(sizeof(PocJobReport));

	report->progress = poc_progress();
	report->show_log = show_log;
	initStringInfo(&report->lines);
	return report;
}

int64
poc_job_report_log(PocJobReport *report, Jsonb *answer, int64 after)
{
	Jsonb *log = poc_json_member(answer, "log", jbvArray);
	JsonbIterator *iterator;
	JsonbIteratorToken token;
	JsonbValue value;

	if (log == NULL)
		return after;

	iterator = JsonbIteratorInit(&log->root);
	token = JsonbIteratorNext(&iterator, &value, true);
	Assert(token == WJB_BEGIN_ARRAY);

	while ((token = JsonbIteratorNext(&iterator, &value, true)) == WJB_ELEM)
	{
		Jsonb *line;
		char *text;

		if (value.type != jbvBinary)
			continue;
		line = JsonbValueToJsonb(&value);
		if (!JB_ROOT_IS_OBJECT(line))
			continue;
		text = poc_json_text(line, "text");
		after = Max(after, poc_json_integer(line, "n"));
		if (text != NULL)
			report_line(report, poc_json_text(line, "level"), text);
	}
	return after;
}

static void
report_line(PocJobReport *report, const char *level, const char *text)
{
	bool warns = level != NULL && strcmp(level, "warning") == 0;

	if (level != NULL && strcmp(level, "debug") == 0)
		ereport(DEBUG1, (errmsg("%s", text)));
	else if (report->progress == POC_PROGRESS_LOG)
	{
		if (warns)
			ereport(WARNING, (errmsg("%s", text)));
		else if (report->show_log)
			ereport(NOTICE, (errmsg("%s", text)));
	}
	else if (warns || (report->show_log && report->progress == POC_PROGRESS_BRIEF))
	{
		report->warned |= warns;
		if (report->line_count++ < LINES_MOST)
			appendStringInfo(&report->lines, "%s%s%s", report->line_count > 1 ? "\n" : "",
							 warns ? "warning: " : "", text);
	}
}

/*
 * Barman prints nothing until the copy is complete, but the server that sends it knows
 * the progress.  Reports at most once a second, and never repeats itself.
 */
void
poc_job_report_copy(PocJobReport *report)
{
	TimestampTz now = GetCurrentTimestamp();
	char *text;

	if (report->progress != POC_PROGRESS_LOG ||
		!TimestampDifferenceExceeds(report->copied_at, now, 1000))
		return;
	report->copied_at = now;

	/* otherwise, the backend status is read once per transaction */
	pgstat_clear_backend_activity_snapshot();

	SPI_connect();
	if (SPI_execute("SELECT p.line FROM _poc.backup_progress() AS p", false, 1) != SPI_OK_SELECT)
		elog(ERROR, "could not ask for the progress of a backup");
	text = SPI_processed > 0 ? SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1) : NULL;
	if (text != NULL && strcmp(text, report->copied) != 0)
	{
		strlcpy(report->copied, text, sizeof(report->copied));
		ereport(NOTICE, (errmsg("copying: %s", text)));
	}
	SPI_finish();
}

void
poc_job_report_end(PocJobReport *report, Jsonb *job, const char *id)
{
	char *kind = poc_json_text(job, "kind");
	char *server = poc_json_text(job, "server");
	char *state = poc_json_text(job, "state");

	if (report->line_count == 0)
		return;
	if (report->line_count > LINES_MOST)
		appendStringInfo(&report->lines, "\nand %d more lines: SELECT * FROM poc_job_log('%s')",
						 report->line_count - LINES_MOST, id);
	ereport(report->warned ? WARNING : NOTICE,
			(errmsg("%s%s%s: %s", kind != NULL ? kind : "job", server != NULL ? " of " : "",
					server != NULL ? server : "", state),
			 errdetail_internal("%s", report->lines.data)));
	resetStringInfo(&report->lines);
	report->line_count = 0;
}
