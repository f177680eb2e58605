/*
 * wal_dump.c
 *
 * Prints what src/wal finds in segments, for extension/t/100_wal_records.pl:
 *
 *	wal_dump records SEGMENT...		a line for each record
 *	wal_dump count SEGMENT...		only their number
 *	wal_dump changes SEGMENT...		a line for each transaction and relation
 *	wal_dump catalogs SEGMENT...	the same, of system catalogs too
 *	wal_dump fast SEGMENT...		without the rows
 *	wal_dump repeat SEGMENT...		all of them again and again, as if they were some
 *									gigabytes of WAL: the memory that this takes
 *
 * The name of each file begins with the segment's.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wal/changes.h"
#include "wal/scan.h"

/* How often "repeat" reads what it is given; memory is looked at after each of so many times */
#define REPETITIONS 200
#define LOOK_EACH	20

typedef struct Dump
{
	bool print;
	uint64_t records;
	Changes *changes;
	const char *wrong;
} Dump;

static bool
print_record(const WalRecord *record, void *context)
{
	static RecordParts parts;
	Dump *dump = context;

	dump->records++;
	dump->wrong = record_parse(record, &parts);
	if (dump->wrong != NULL)
		return false;
	if (!dump->print)
		return true;
	printf("%" PRIX64 "/%08" PRIX64 " %" PRIX64 "/%08" PRIX64 " tx %" PRIu32 " rmgr %d len %" PRIu32,
		   record->lsn >> 32, record->lsn & 0xFFFFFFFF, record->previous >> 32,
		   record->previous & 0xFFFFFFFF, record->xid, record->rmgr, record->length);
	for (int i = 0; i < parts.block_count; i++)
	{
		const RecordBlock *block = &parts.blocks[i];

		printf(" #%d %" PRIu32 "/%" PRIu32 "/%" PRIu32 " fork %d blk %" PRIu32 "%s", block->id,
			   block->file.tablespace, block->file.database, block->file.number, block->fork,
			   block->block, block->has_image ? " FPW" : "");
	}
	putchar('\n');
	return true;
}

static bool
collect(const WalRecord *record, void *context)
{
	Dump *dump = context;

	dump->records++;
	dump->wrong = changes_record(dump->changes, record) ? NULL : changes_error(dump->changes);
	return dump->wrong == NULL;
}

static void
print_change(const WalChange *change, void *context)
{
	(void) context;
	printf("xid %" PRIu32 " kinds", change->xid);
	for (unsigned int kind = 1; kind <= CHANGE_LAST; kind <<= 1)
	{
		if (change->kinds & kind)
			printf(" %s", change_kind_name(kind));
	}
	printf(" db %" PRIu32 " oid %" PRIu32 " file %" PRIu32 " new %" PRIu32 " ts %" PRIu32,
		   change->database, change->relation, change->filenode, change->new_filenode,
		   change->tablespace);
	printf(" ins %" PRId64 " upd %" PRId64 " del %" PRId64 " in %" PRId64 " out %" PRId64,
		   change->inserted, change->updated, change->deleted, change->moved_in, change->moved_out);
	printf(" begin %" PRIX64 "/%08" PRIX64 " commit %" PRIX64 "/%08" PRIX64 " end %" PRIX64
		   "/%08" PRIX64 " time %" PRId64 " whole %d gid %s\n",
		   change->begin_lsn >> 32, change->begin_lsn & 0xFFFFFFFF, change->commit_lsn >> 32,
		   change->commit_lsn & 0xFFFFFFFF, change->end_lsn >> 32, change->end_lsn & 0xFFFFFFFF,
		   change->committed, change->is_whole, change->gid != NULL ? change->gid : "-");
}

static ScanOutcome
dump_file(RecordReader *reader, const char *path, Dump *dump)
{
	const char *slash = strrchr(path, '/');
	char name[25];
	SegmentError error;
	SegmentFile *file = segment_file_open(path, &error);
	ScanOutcome outcome;

	snprintf(name, sizeof(name), "%s", slash != NULL ? slash + 1 : path);
	if (file == NULL)
	{
		printf("%s: %s\n", path, error.detail);
		return SCAN_FAILED;
	}
	outcome = scan_segment(reader, file, name, dump->changes != NULL ? collect : print_record, dump,
						   &error);
	segment_file_close(file);
	if (outcome == SCAN_FAILED)
		printf("%s: %s\n", path, error.detail);
	else if (outcome == SCAN_STOPPED)
		printf("%s: %s\n", path, dump->wrong);
	else if (outcome == SCAN_WAL_ENDED)
		printf("end %d at %" PRIX64 "/%08" PRIX64 ": %s\n", record_reader_end(reader)->reason,
			   record_reader_end(reader)->lsn >> 32, record_reader_end(reader)->lsn & 0xFFFFFFFF,
			   record_reader_end(reader)->detail);
	return outcome;
}

/* Resident memory in kB; 0 if the system does not tell */
static long
memory(void)
{
	FILE *status = fopen("/proc/self/status", "r");
	char line[200];
	long kilobytes = 0;

	while (status != NULL && fgets(line, sizeof(line), status) != NULL)
	{
		if (strncmp(line, "VmRSS:", 6) == 0)
			kilobytes = strtol(line + 6, NULL, 10);
	}
	if (status != NULL)
		fclose(status);
	return kilobytes;
}

static void
count_change(const WalChange *change, void *context)
{
	(void) change;
	(void) context;
}

/* Between two times WAL is missing, as the search takes it */
static void
repeat(RecordReader *reader, char **paths, int count, Dump *dump)
{
	for (int n = 1; n <= REPETITIONS; n++)
	{
		for (int i = 0; i < count; i++)
			(void) dump_file(reader, paths[i], dump);
		changes_gap(dump->changes);
		record_reader_restart(reader);
		if (n % LOOK_EACH == 0)
			printf("%" PRIu64 " records, %ld kB, %" PRIu32 " transactions in flight\n",
				   dump->records, memory(), changes_in_flight(dump->changes));
	}
}

int
main(int argc, char **argv)
{
	RecordReader *reader = record_reader_new();
	Dump dump = {0};
	ScanOutcome outcome = SCAN_DONE;

	if (argc < 3)
		return 2;
	dump.print = strcmp(argv[1], "records") == 0;
	if (!dump.print && strcmp(argv[1], "count") != 0)
	{
		ChangesOptions options = {.callback = strcmp(argv[1], "repeat") == 0 ? count_change
																			 : print_change,
								  .fast = strcmp(argv[1], "fast") == 0,
								  .catalogs = strcmp(argv[1], "catalogs") == 0};

		dump.changes = changes_new(&options);
	}
	if (strcmp(argv[1], "repeat") == 0)
		repeat(reader, argv + 2, argc - 2, &dump);
	for (int i = 2; i < argc && strcmp(argv[1], "repeat") != 0 && outcome == SCAN_DONE; i++)
		outcome = dump_file(reader, argv[i], &dump);
	printf("%" PRIu64 " records\n", dump.records);
	changes_free(dump.changes);
	record_reader_free(reader);
	return outcome == SCAN_DONE || outcome == SCAN_WAL_ENDED ? 0 : 1;
}
