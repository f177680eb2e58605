/*
 * find_changes.c
 *
 * Reads the WAL that Barman has, segment after segment, and reports what the
 * caller asked for.  What cannot be read is reported, and the search goes on
 * behind it.
 */
#include "rescue/find_changes.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "barman/catalogue.h"
#include "barman/lsn.h"
#include "barman/read_cache.h"
#include "base/memory.h"
#include "base/timestamp.h"
#include "jobs/switch_wal.h"
#include "rescue/backups_before.h"
#include "rescue/wal_path.h"
#include "rescue/wal_source.h"
#include "rescue/wal_start.h"
#include "wal/changes.h"
#include "wal/record_reader.h"
#include "wal/scan.h"

/* A segment that the caller has closed arrives within a second or two, or not at all. */
#define WAL_MS 60000

/* How many records between two looks whether the job was cancelled */
#define RECORDS_AT_ONCE 4096

/* Commits stand in WAL in the order of their times, but for less than this. */
#define CLOCK_US (INT64_C(60) * 1000000)

/* The last moment that RFC 3339 can write */
#define LAST_TIME_US (INT64_C(253402300799) * 1000000)

/* Warnings of one kind; a damaged archive must not fill the log of the job. */
#define WARNINGS_MAX 20

typedef struct Scan
{
	Job *job;
	const FindChangesRequest *request;
	WalPath path;
	RecordReader *reader;
	Changes *changes;
	Search *search;
	uint64_t records;
	uint64_t bytes;
	size_t segments;
	int warnings;
	bool stopped; /* cancelled, or failed */
	bool failed;
} Scan;

static void find_changes_body(Job *job, const void *request);
static bool bring_wal(Job *job, const char *wal_file);
static void scan_all(Scan *scan);
static bool is_after(int64_t until, int64_t earliest);
static void scan_file(Scan *scan, const WalPathFile *file);
static bool visit(const WalRecord *record, void *context);
static void report_end(Scan *scan, const WalPathFile *file, bool is_last);
static void report_gap(Scan *scan, const WalPathFile *file, const char *why);
static void finish(Scan *scan, int64_t began);
static json_t *change_json(const FoundChange *change, const WalPath *path,
						   const BackupsBefore *backups);
static json_t *count_json(int64_t count);

const JobKind job_find_changes = {.name = "find-changes", .body = find_changes_body};

void
find_changes_request_free(void *pointer)
{
	FindChangesRequest *request = pointer;

	free(request->wal_file);
	free(request->relations);
	free(request);
}

static void
find_changes_body(Job *job, const void *pointer)
{
	const FindChangesRequest *request = pointer;
	const unsigned int structure = CHANGE_DROP | CHANGE_TRUNCATE | CHANGE_REWRITE;
	int64_t began;
	Scan scan = {.job = job, .request = request};
	ChangesOptions options = {.callback = search_change,
							  .unseen = true,
							  .fast = (request->wishes.kinds & ~structure) == 0};

	job_phase(job, "archiving");
	if (!bring_wal(job, request->wal_file) || !wal_path_find(job, &scan.path))
		return;
	job_phase(job, "searching");
	began = monotonic_ms();
	scan.search = search_new(&request->wishes,
							 known_relations_new(request->relations, request->relation_count));
	options.context = scan.search;
	scan.changes = changes_new(&options);
	scan.reader = record_reader_new();
	scan_all(&scan);
	search_end(scan.search);
	if (!job_cancelled(job) && !scan.failed)
		finish(&scan, began);
	record_reader_free(scan.reader);
	changes_free(scan.changes);
	search_free(scan.search);
	wal_path_free(&scan.path);
}

/* False if the job was cancelled. */
static bool
bring_wal(Job *job, const char *wal_file)
{
	bool arrived = true;

	if (wal_file == NULL)
	{
		(void) reads_learn_directories(job_server(job));
		return true;
	}
	if (!job_await_segment(job, wal_file, WAL_MS, &arrived))
		return false;
	if (!arrived)
		job_log(job, JOB_WARNING,
				"segment %s was not archived within %d seconds: the newest changes may be missing",
				wal_file, WAL_MS / 1000);
	return true;
}

static void
scan_all(Scan *scan)
{
	const WalPath *path = &scan->path;
	size_t first = wal_start(scan->job, path, scan->request->wishes.since);

	if (path->elsewhere > 0)
		job_log(scan->job, JOB_WARNING,
				"%zu segments are of timelines that do not lead to timeline %d, and are not searched",
				path->elsewhere, path->timeline);
	for (size_t i = first; i < path->count && !scan->stopped; i++)
	{
		const WalPathFile *file = &path->files[i];

		if (i > first && file->number != file[-1].number + 1)
			report_gap(scan, file, "the segments before it are missing");
		scan_file(scan, file);
		job_progress(scan->job, (double) (i + 1 - first) / (double) (path->count - first));
		scan->stopped = scan->stopped || job_cancelled(scan->job);
		if (is_after(scan->request->wishes.until, search_earliest(scan->search)))
			break;
	}
}

/* All commits of a segment, of which this is the earliest, are after the time; one clock that was wrong is not enough. */
static bool
is_after(int64_t until, int64_t earliest)
{
	return earliest != INT64_MAX && until < INT64_MAX - CLOCK_US && earliest > until + CLOCK_US;
}

static void
scan_file(Scan *scan, const WalPathFile *file)
{
	SegmentError error;
	SegmentFile *segment = wal_source_open(scan->job, file, &error);
	ScanOutcome outcome = SCAN_FAILED;

	if (segment != NULL)
		outcome = scan_segment(scan->reader, segment, file->name, visit, scan, &error);
	segment_file_close(segment);
	scan->segments++;
	scan->bytes += scan->path.segment_size;
	if (outcome == SCAN_FAILED)
		report_gap(scan, file, error.detail);
	else if (outcome == SCAN_WAL_ENDED)
		report_end(scan, file, file == &scan->path.files[scan->path.count - 1]);
}

/* A ScanVisitor */
static bool
visit(const WalRecord *record, void *context)
{
	Scan *scan = context;

	if (scan->records++ % RECORDS_AT_ONCE == 0 && job_cancelled(scan->job))
	{
		scan->stopped = true;
		return false;
	}
	if (changes_record(scan->changes, record))
		return true;
	job_fail(scan->job, BARMAN_WRONG_STATE, "the WAL cannot be searched",
			 changes_error(scan->changes), "Search a shorter time: give since and until.");
	scan->stopped = scan->failed = true;
	return false;
}

/* The WAL of a file that is still written ends in it; elsewhere it must not. */
static void
report_end(Scan *scan, const WalPathFile *file, bool is_last)
{
	const WalEnd *end = record_reader_end(scan->reader);
	char lsn[LSN_SIZE];

	if (is_last && (file->is_partial || end->reason == WAL_END_ZEROES))
		return;
	if (scan->warnings++ < WARNINGS_MAX)
		job_log(scan->job, JOB_WARNING, "segment %s was searched only up to %s: %s", file->name,
				lsn_text(end->lsn, lsn), end->detail);
	changes_gap(scan->changes);
	record_reader_restart(scan->reader);
}

static void
report_gap(Scan *scan, const WalPathFile *file, const char *why)
{
	if (scan->warnings++ < WARNINGS_MAX)
		job_log(scan->job, JOB_WARNING, "segment %s: %s; what it or they hold is not found",
				file->name, why);
	changes_gap(scan->changes);
	record_reader_restart(scan->reader);
}

static void
finish(Scan *scan, int64_t began)
{
	Job *job = scan->job;
	const Search *search = scan->search;
	uint64_t omitted = search_omitted(search);
	int64_t elapsed = monotonic_ms() - began;
	BackupsBefore *backups = backups_before_new(job, &scan->path);
	json_t *list = json_checked(json_array());
	json_t *result;

	for (size_t i = search_count(search); i > 0; i--)
		json_array_append_new(list, change_json(search_result(search, i - 1), &scan->path, backups));
	backups_before_free(backups);
	if (omitted > 0)
		job_log(job, JOB_WARNING,
				"%" PRIu64
				" older changes are left out: give until, or a larger min_rows, to see them",
				omitted);
	if (search_unseen(search) > 0)
		job_log(job, JOB_WARNING,
				"%" PRIu64
				" transactions began before the WAL that was read, and what they did is not known: an earlier since reads more",
				search_unseen(search));
	if (scan->warnings > WARNINGS_MAX)
		job_log(job, JOB_WARNING, "%d more segments could not be read as a whole",
				scan->warnings - WARNINGS_MAX);
	if (search_unknown(search) > 0)
		job_log(job, JOB_WARNING,
				"%" PRIu64
				" changes are of relations that nobody remembers, and may be of this table before it was remembered: without a relation they are listed",
				search_unknown(search));
	job_log(job, JOB_INFO, "searched %zu segments, %" PRIu64 " MB of WAL, in %.1f s",
			scan->segments, scan->bytes / (1024 * 1024), (double) elapsed / 1000);
	result = json_checked(json_pack("{s:o, s:I, s:I, s:I, s:I}", "changes", list, "omitted",
									(json_int_t) omitted, "unknown",
									(json_int_t) search_unknown(search), "segments",
									(json_int_t) scan->segments, "bytes", (json_int_t) scan->bytes));
	job_done(job, result);
}

static json_t *
change_json(const FoundChange *change, const WalPath *path, const BackupsBefore *backups)
{
	char begin[LSN_SIZE];
	char commit[LSN_SIZE];
	char at[TIMESTAMP_LENGTH] = "";
	json_t *value = json_checked(json_object());

	/* what a forged record says may be no time */
	if (change->committed >= 0 && change->committed <= LAST_TIME_US)
		timestamp_format(change->committed, at);
	json_object_set_new(value, "at", json_text(at[0] != '\0' ? at : NULL));
	json_object_set_new(value, "kind", json_text(change_kind_name(change->kind)));
	json_object_set_new(value, "relation_oid",
						change->relation != 0 ? json_integer(change->relation) : json_null());
	json_object_set_new(value, "filenode",
						change->filenode != 0 ? json_integer(change->filenode) : json_null());
	json_object_set_new(value, "xid", json_integer(change->xid));
	json_object_set_new(value, "begin_lsn", json_text(lsn_text(change->begin_lsn, begin)));
	json_object_set_new(value, "commit_lsn", json_text(lsn_text(change->commit_lsn, commit)));
	json_object_set_new(value, "rows_inserted", count_json(change->inserted));
	json_object_set_new(value, "rows_updated", count_json(change->updated));
	json_object_set_new(value, "rows_deleted", count_json(change->deleted));
	json_object_set_new(value, "timeline", json_integer(wal_path_timeline(path, change->commit_lsn)));
	json_object_set_new(value, "backup_id",
						json_text(backups_before_find(backups, change->commit_lsn)));
	return value;
}

static json_t *
count_json(int64_t count)
{
	return count >= 0 ? json_integer(count) : json_null();
}
