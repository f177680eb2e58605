/*
 * restore_pace.c
 *
 * Lays a line through what the latest restores of a server took, by their
 * bytes; where they were all alike, their mean is all there is.
 */
#include "outlook/restore_pace.h"

#include <jansson.h>

#include "barman/backup_info.h"
#include "barman/backup_memory.h"
#include "barman/lsn.h"
#include "base/memory.h"
#include "jobs/outcomes.h"
#include "outlook/line_fit.h"

/* The latest: a host may have been faster or slower before. */
#define RESTORES_MOST 10

static double replayed(const char *server, const json_t *result);
static double expect(const Point *points, size_t count, double x);

Pace
pace_expect(const char *server, int64_t backup_bytes, int64_t wal_bytes)
{
	static const char *const kinds[] = {"restore", "drill", "rescue", NULL};
	json_t *results = job_outcomes(server, kinds, RESTORES_MOST);
	Point copies[RESTORES_MOST];
	Point recoveries[RESTORES_MOST];
	size_t copy_count = 0;
	size_t recovery_count = 0;
	json_t *one;
	size_t i;

	json_array_foreach (results, i, one)
	{
		/* of a restore it is the instance that tells */
		const json_t *instance = json_object_get(one, "instance");
		const json_t *result = json_is_object(instance) ? instance : one;
		const json_t *copy = json_object_get(result, "restore_seconds");
		const json_t *recovery = json_object_get(result, "recovery_seconds");
		const json_t *bytes = json_object_get(result, "bytes");
		double wal = replayed(server, result);

		/* a refresh that copied what differs tells nothing of whole copies */
		if (json_is_number(copy) && json_is_number(bytes) &&
			!json_is_true(json_object_get(one, "delta")))
			copies[copy_count++] = (Point){json_number_value(bytes), json_number_value(copy)};
		if (json_is_number(recovery) && json_number_value(recovery) >= 0 && wal >= 0)
			recoveries[recovery_count++] = (Point){wal, json_number_value(recovery)};
	}
	json_decref(results);
	return (Pace){.count = (int) (copy_count > recovery_count ? copy_count : recovery_count),
				  .restore = expect(copies, copy_count, (double) backup_bytes),
				  .recovery = wal_bytes >= 0 ? expect(recoveries, recovery_count, (double) wal_bytes)
											 : -1};
}

/* Bytes of WAL from the begin of the backup to where recovery ended; below 0: not known */
static double
replayed(const char *server, const json_t *result)
{
	const char *id = json_text_of(result, "backup_id");
	const char *end = json_text_of(result, "recovered_lsn");
	json_t *backup = id != NULL ? backup_memory_find(server, id) : NULL;
	uint64_t begin_lsn;
	uint64_t end_lsn;
	double bytes = -1;

	if (backup == NULL && id != NULL)
		backup = backup_info_find(server, id);
	if (end != NULL && json_text_of(backup, "begin_lsn") != NULL && lsn_parse(end, &end_lsn) &&
		lsn_parse(json_text_of(backup, "begin_lsn"), &begin_lsn) && begin_lsn <= end_lsn)
		bytes = (double) (end_lsn - begin_lsn);
	json_decref(backup);
	return bytes;
}

static double
expect(const Point *points, size_t count, double x)
{
	double mean = 0;
	Line line;

	if (count == 0)
		return -1;
	for (size_t i = 0; i < count; i++)
		mean += points[i].y / (double) count;
	/* more bytes that took less time tell of something else */
	if (!line_fit(points, count, &line) || line.slope < 0)
		return mean;
	return line.start + line.slope * x > 0 ? line.start + line.slope * x : mean;
}
