/*
 * wal_sources.c
 *
 * Adds up the records of the newest archived WAL by the database whose file
 * they are about.  A record without a file, such as a COMMIT, counts as of no
 * database.
 */
#include "outlook/wal_sources.h"

#include <stdlib.h>
#include <string.h>

#include "barman/archive_listing.h"
#include "base/failure.h"
#include "base/memory.h"
#include "outlook/segment_size.h"
#include "wal/record_reader.h"
#include "wal/scan.h"

/* OIDs of databases that a forged archive may name */
#define DATABASES_MOST 10000

typedef struct Source
{
	bool has_database;
	uint32_t database; /* 0: shared by all */
	uint64_t records;
	uint64_t bytes;
	uint64_t image_bytes; /* of these, images of whole pages */
} Source;

typedef struct Count
{
	Source *sources;
	size_t count;
	uint64_t records;
	uint64_t bytes;
	uint64_t unread; /* segments of which not all could be read */
} Count;

static void read_segment(Count *count, RecordReader *reader, const ArchiveListing *archive,
						 const ArchivedSegment *segment);
static bool visit(const WalRecord *record, void *context);
static Source *source_of(Count *count, bool has_database, uint32_t database);
static json_t *sources_json(const Count *count);
static int by_bytes(const void *a, const void *b);

Answer *
wal_sources_read(const char *server, const json_t *backups, int segments)
{
	ArchiveListing archive;
	Count count = {0};
	RecordReader *reader;
	size_t first;
	char first_wal[SEGMENT_NAME_SIZE] = "";
	char last_wal[SEGMENT_NAME_SIZE] = "";
	json_t *value;

	if (!archive_list(&archive, server, outlook_segment_size(backups)))
		return answer_error(BARMAN_WRONG_STATE, "the WAL archive of the server cannot be listed",
							"Its directory is not known yet, or cannot be read.", "Try again.");
	first = archive.count;
	while (first > 0 && archive.count - first < (size_t) segments &&
		   archive.segments[first - 1].timeline == archive.segments[archive.count - 1].timeline)
		first--;
	reader = record_reader_new();
	for (size_t i = first; i < archive.count; i++)
	{
		if (i > first && archive.segments[i].number != archive.segments[i - 1].number + 1)
			record_reader_restart(reader);
		read_segment(&count, reader, &archive, &archive.segments[i]);
	}
	record_reader_free(reader);
	if (first < archive.count)
	{
		archive_name_of_segment(&archive, &archive.segments[first], first_wal);
		archive_name_of_segment(&archive, &archive.segments[archive.count - 1], last_wal);
	}
	value = json_checked(
		json_pack("{s:{s:I, s:I, s:s?, s:s?, s:I, s:I, s:o}}", "sources", "segments",
				  (json_int_t) (archive.count - first), "unread", (json_int_t) count.unread,
				  "first_wal", first_wal[0] != '\0' ? first_wal : NULL, "last_wal",
				  last_wal[0] != '\0' ? last_wal : NULL, "records", (json_int_t) count.records,
				  "bytes", (json_int_t) count.bytes, "databases", sources_json(&count)));
	free(count.sources);
	archive_list_free(&archive);
	return answer_json(200, value);
}

static void
read_segment(Count *count, RecordReader *reader, const ArchiveListing *archive,
			 const ArchivedSegment *segment)
{
	char name[SEGMENT_NAME_SIZE];
	char *path = archive_path_of(archive, segment);
	SegmentError error;
	SegmentFile *file = segment_file_open(path, &error);
	ScanOutcome outcome = SCAN_FAILED;

	archive_name_of_segment(archive, segment, name);
	if (file != NULL)
		outcome = scan_segment(reader, file, name, visit, count, &error);
	segment_file_close(file);
	free(path);
	/* the next segment is read from its beginning, whatever went before */
	if (outcome != SCAN_DONE)
	{
		count->unread++;
		record_reader_restart(reader);
	}
}

/* A ScanVisitor */
static bool
visit(const WalRecord *record, void *context)
{
	Count *count = context;
	RecordParts parts;
	bool has_parts = record_parse(record, &parts) == NULL;
	bool has_database = has_parts && parts.block_count > 0;
	Source *source = source_of(count, has_database, has_database ? parts.blocks[0].file.database : 0);

	count->records++;
	count->bytes += record->length;
	source->records++;
	source->bytes += record->length;
	for (int i = 0; has_parts && i < parts.block_count; i++)
	{
		if (parts.blocks[i].has_image)
			source->image_bytes += parts.blocks[i].image_length;
	}
	return true;
}

static Source *
source_of(Count *count, bool has_database, uint32_t database)
{
	/* as a rule it is that of the record before */
	for (size_t i = count->count; i-- > 0;)
	{
		if (count->sources[i].has_database == has_database && count->sources[i].database == database)
			return &count->sources[i];
	}
	if (count->count == DATABASES_MOST)
		return &count->sources[0];
	if ((count->count & (count->count - 1)) == 0)
		count->sources = mem_realloc(count->sources,
									 (count->count > 0 ? count->count * 2 : 1) * sizeof(Source));
	count->sources[count->count] = (Source){.has_database = has_database, .database = database};
	return &count->sources[count->count++];
}

static json_t *
sources_json(const Count *count)
{
	json_t *list = json_checked(json_array());

	if (count->count > 0)
		qsort(count->sources, count->count, sizeof(Source), by_bytes);
	for (size_t i = 0; i < count->count; i++)
	{
		const Source *source = &count->sources[i];

		json_array_append_new(list, json_checked(
										json_pack("{s:o, s:I, s:I, s:I}", "database_oid",
												  source->has_database ? json_integer(source->database)
																	   : json_null(),
												  "records", (json_int_t) source->records, "bytes",
												  (json_int_t) source->bytes, "image_bytes",
												  (json_int_t) source->image_bytes)));
	}
	return list;
}

/* The most first */
static int
by_bytes(const void *a, const void *b)
{
	const Source *one = a;
	const Source *other = b;

	return one->bytes != other->bytes ? (one->bytes > other->bytes ? -1 : 1) : 0;
}
