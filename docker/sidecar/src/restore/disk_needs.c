/*
 * disk_needs.c
 *
 * Estimates how many bytes a restore needs while it runs, before it starts:
 * rather a little too much than too little.
 */
#include "restore/disk_needs.h"

#include <stdlib.h>

#include "barman/catalogue.h"
#include "barman/lsn.h"
#include "base/memory.h"
#include "restore/segment_name.h"

/* Log, statistics, and pages that recovery adds */
#define WORK_BYTES (INT64_C(16) * 1024 * 1024)

/* The segment that recovery copies, and the first of the new timeline */
#define WORK_SEGMENTS 2

static int64_t bytes_of(const json_t *object, const char *key);
static int64_t wal_bytes(const json_t *backup, const RecoveryTarget *target, const char *server);
static bool end_of_wal(const json_t *backup, const RecoveryTarget *target, const char *server,
					   int64_t segment, uint64_t *end);
static uint64_t segments_behind(uint64_t lsn, int64_t segment, int count);
static bool position_of(const json_t *object, const char *key, uint64_t *lsn);

RestoreNeeds
restore_needs(const json_t *backup, const RecoveryTarget *target, const char *server)
{
	const char *whole = json_is_integer(json_object_get(backup, "cluster_size")) ? "cluster_size"
																				 : "size";
	const char *compression = json_text_of(backup, "compression");
	RestoreNeeds needs;

	needs.backup = bytes_of(backup, whole);
	needs.unpacking = compression != NULL ? bytes_of(backup, "size") : 0;
	needs.wal = wal_bytes(backup, target, server);
	needs.work = WORK_BYTES + WORK_SEGMENTS * restore_segment_size(backup);
	return needs;
}

int64_t
restore_needs_sum(const RestoreNeeds *needs)
{
	return restore_add_bytes(restore_add_bytes(needs->backup, needs->unpacking),
							 restore_add_bytes(needs->wal, needs->work));
}

int64_t
restore_add_bytes(int64_t one, int64_t other)
{
	int64_t sum;

	if (one < 0)
		one = 0;
	if (other < 0)
		other = 0;
	return __builtin_add_overflow(one, other, &sum) ? INT64_MAX : sum;
}

/* The primary, or the author of the backup, may have recorded anything. */
static int64_t
bytes_of(const json_t *object, const char *key)
{
	int64_t bytes = json_integer_value(json_object_get(object, key));

	return bytes > 0 ? bytes : 0;
}

/* Barman copies whole segments, from the start of the backup on. */
static int64_t
wal_bytes(const json_t *backup, const RecoveryTarget *target, const char *server)
{
	int64_t segment = restore_segment_size(backup);
	uint64_t begin;
	uint64_t end;

	if ((!position_of(backup, "begin_lsn", &begin) && !position_of(backup, "end_lsn", &begin)) ||
		!end_of_wal(backup, target, server, segment, &end))
		return bytes_of(backup, "wal_size");
	begin -= begin % (uint64_t) segment;
	if (end <= begin)
		return segment;
	return end - begin < INT64_MAX ? (int64_t) (end - begin) : INT64_MAX;
}

/* The end of the target's segment and one more, but no more than is archived */
static bool
end_of_wal(const json_t *backup, const RecoveryTarget *target, const char *server, int64_t segment,
		   uint64_t *end)
{
	int timeline = target->timeline;
	char *newest;
	unsigned int high;
	unsigned int low;
	bool known;
	bool targeted;
	uint64_t behind;

	if (target->immediate && position_of(backup, "end_lsn", end))
	{
		*end = segments_behind(*end, segment, 1);
		return true;
	}
	targeted = target->lsn != NULL && lsn_parse(target->lsn, &behind);
	if (targeted)
		behind = segments_behind(behind, segment, 2);
	if (timeline == 0)
		timeline = (int) json_integer_value(json_object_get(backup, "timeline"));
	newest = catalogue_newest_wal(server, timeline);
	known = newest != NULL && sscanf(newest, "%*8c%8X%8X", &high, &low) == 2;
	free(newest);

	/* and the segment that the caller has just closed */
	if (known)
		*end = ((uint64_t) high << 32) + ((uint64_t) low + 2) * (uint64_t) segment;
	if (targeted && (!known || behind < *end))
		*end = behind;
	return known || targeted;
}

/* The end of the segment of a position, or of one behind it; never before the position */
static uint64_t
segments_behind(uint64_t lsn, int64_t segment, int count)
{
	uint64_t more = (uint64_t) count * (uint64_t) segment - lsn % (uint64_t) segment;

	return lsn > UINT64_MAX - more ? UINT64_MAX : lsn + more;
}

static bool
position_of(const json_t *object, const char *key, uint64_t *lsn)
{
	const char *text = json_text_of(object, key);

	return text != NULL && lsn_parse(text, lsn);
}
