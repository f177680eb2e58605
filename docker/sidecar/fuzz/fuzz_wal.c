/*
 * fuzz_wal.c
 *
 * libFuzzer's door to archived WAL: compressed streams, pages, and records
 * whose checksum somebody has made right.
 *
 *	make fuzz && fuzz/fuzz_wal -max_total_time=300 CORPUS
 */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wal/bytes.h"
#include "wal/changes.h"
#include "wal/decompress.h"
#include "wal/record_reader.h"

extern int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(condition)                                  \
	do                                                   \
	{                                                    \
		if (!(condition))                                \
		{                                                \
			fprintf(stderr, "not so: %s\n", #condition); \
			abort();                                     \
		}                                                \
	} while (0)

static uint64_t last_commit;

static void
look_at(const WalChange *change, void *context)
{
	(void) context;
	MUST(change->commit_lsn >= last_commit && change->begin_lsn <= change->commit_lsn);
	MUST(change->inserted >= -1 && change->updated >= -1 && change->deleted >= -1);
	MUST(change->kinds != 0);
	MUST(change->gid == NULL || strlen(change->gid) < 200);
	last_commit = change->commit_lsn;
}

static Changes *
start(bool fast)
{
	ChangesOptions options = {.callback = look_at,
							  .fast = fast,
							  .max_transactions = 1000,
							  .max_items = 10000};

	last_commit = 0;
	return changes_new(&options);
}

/* No stream makes more than it is asked for. */
static void
decompress(const uint8_t *data, size_t size)
{
	static uint8_t out[8192];
	Compression compression = compression_of(data, size);
	Decompressor *decompressor;

	if (compression == COMPRESSION_NONE || (decompressor = decompressor_new(compression)) == NULL)
		return;
	for (int i = 0; i < 100; i++)
	{
		uint8_t *to = out;
		size_t left = sizeof(out);
		size_t before = size;
		DecompressStep step = decompressor_step(decompressor, &data, &size, &to, &left);

		MUST(left <= sizeof(out) && size <= before);
		if (step == DECOMPRESS_BAD || (left == sizeof(out) && size == before))
			break;
	}
	decompressor_free(decompressor);
}

static void
read_pages(const uint8_t *data, size_t size)
{
	RecordReader *reader = record_reader_new();
	Changes *changes = start(false);
	bool good = true;
	WalStep step = WAL_PAGE;

	MUST(record_reader_segment(reader, "000000010000000000000007"));
	for (size_t at = 0; at < size && step == WAL_PAGE && good; at += WAL_PAGE_SIZE)
	{
		uint8_t *page = calloc(1, WAL_PAGE_SIZE);
		WalRecord record;

		memcpy(page, data + at, size - at < WAL_PAGE_SIZE ? size - at : WAL_PAGE_SIZE);
		record_reader_page(reader, page);
		while ((step = record_reader_next(reader, &record)) == WAL_RECORD && good)
			good = changes_record(changes, &record);
		free(page);
	}
	MUST(good || changes_error(changes) != NULL);
	changes_free(changes);
	record_reader_free(reader);
}

/* Each record: its manager, its flags, its transaction, its length, its body */
static void
read_records(const uint8_t *data, size_t size)
{
	Changes *changes = start(size % 2 == 1);
	uint64_t lsn = 0x1000000;
	bool good = true;

	while (size >= 6 && good)
	{
		size_t length = bytes_u16(data + 4) % (size - 5);
		uint8_t *body = malloc(length + 1);
		WalRecord record = {.lsn = lsn,
							.end_lsn = lsn + 8,
							.length = (uint32_t) length + RECORD_HEADER_SIZE,
							.rmgr = data[0] % 22,
							.info = data[1],
							.xid = data[2],
							.version = 15 + data[3] % 5,
							.body = body};

		memcpy(body, data + 6, length);
		good = changes_record(changes, &record);
		free(body);
		data += 6 + length;
		size -= 6 + length;
		lsn += 8;
	}
	changes_free(changes);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	decompress(data, size);
	read_pages(data, size);
	read_records(data, size);
	return 0;
}
