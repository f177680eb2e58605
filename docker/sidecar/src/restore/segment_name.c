/*
 * segment_name.c
 *
 * WAL segments: their size and their names.  Accesses no file.
 */
#include "restore/segment_name.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "barman/lsn.h"
#include "base/memory.h"

/* PostgreSQL's own limits (access/xlog_internal.h) */
#define SEGMENT_SIZE_MIN	 (INT64_C(1024) * 1024)
#define SEGMENT_SIZE_MAX	 (INT64_C(1024) * 1024 * 1024)
#define DEFAULT_SEGMENT_SIZE (16 * 1024 * 1024)

static bool can_be_segment_size(int64_t size);

/*
 * show-backup does not print it, but it follows from a position, the name of
 * its segment and its offset in the segment.
 */
int64_t
restore_segment_size(const json_t *backup)
{
	const char *wal = json_text_of(backup, "begin_wal");
	json_int_t told = json_integer_value(json_object_get(backup, "segment_size"));
	uint64_t lsn;
	uint64_t number;
	uint64_t low;

	if (can_be_segment_size(told))
		return told;
	if (wal == NULL || strlen(wal) != 24 || json_text_of(backup, "begin_lsn") == NULL ||
		!lsn_parse(json_text_of(backup, "begin_lsn"), &lsn))
		return DEFAULT_SEGMENT_SIZE;
	number = strtoull(wal + 16, NULL, 16);
	low = (lsn & 0xFFFFFFFF) - (uint64_t) json_integer_value(json_object_get(backup, "begin_offset"));
	if (number == 0 || low % number != 0 || low / number > (uint64_t) SEGMENT_SIZE_MAX ||
		!can_be_segment_size((int64_t) (low / number)))
		return DEFAULT_SEGMENT_SIZE;
	return (int64_t) (low / number);
}

/*
 * Barman asks the primary for it, where the owner of a database can put
 * another pg_settings before the system's.
 */
char *
restore_segment_size_is_bad(const json_t *backup)
{
	const json_t *told = json_object_get(backup, "segment_size");

	if (!json_is_integer(told) || can_be_segment_size(json_integer_value(told)))
		return NULL;
	return mem_printf("Its segments of WAL are said to have %lld bytes, and PostgreSQL's have a power of two from 1 MB to 1 GB.",
					  (long long) json_integer_value(told));
}

void
restore_segment_name(const json_t *backup, int timeline, uint64_t lsn, char name[25])
{
	snprintf(name, 25, "%08X%08X%08X", (unsigned int) timeline, (unsigned int) (lsn >> 32),
			 (unsigned int) ((lsn & 0xFFFFFFFF) / (uint64_t) restore_segment_size(backup)));
}

static bool
can_be_segment_size(int64_t size)
{
	return size >= SEGMENT_SIZE_MIN && size <= SEGMENT_SIZE_MAX && (size & (size - 1)) == 0;
}
