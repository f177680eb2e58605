/*
 * forecast.c
 *
 * Lays a line through the sizes that are kept.  Where too little is kept, or
 * the line does not lead to a full disk, there is no time but the reason.
 */
#include "outlook/forecast.h"

#include <stdlib.h>

#include "base/memory.h"
#include "base/timestamp.h"
#include "outlook/line_fit.h"

#define DAY_US INT64_C(86400000000)

/* Less tells nothing but what happened in between. */
#define SAMPLES_LEAST 3
#define SPAN_LEAST_US (INT64_C(3600) * 1000000)

/* A line through some weeks does not lead farther. */
#define DAYS_MOST 3650

typedef int64_t (*NumberOf)(const SizeSample *sample);

/* One disk: what is on it and what of that is the server's */
typedef struct Disk
{
	const char *areas[3]; /* of Barman's, the last NULL */
	NumberOf free_bytes;
	NumberOf total;
	NumberOf own;
} Disk;

static int64_t base_free(const SizeSample *sample);
static int64_t base_total(const SizeSample *sample);
static int64_t wals_free(const SizeSample *sample);
static int64_t wals_total(const SizeSample *sample);
static int64_t both(const SizeSample *sample);
static int64_t backups(const SizeSample *sample);
static int64_t wal(const SizeSample *sample);
static int64_t base_used(const SizeSample *sample);
static int64_t wals_used(const SizeSample *sample);
static json_t *disk_json(const Disk *disk, NumberOf used, const SizeSample *samples, size_t count);
static bool per_day(const SizeSample *samples, size_t count, NumberOf number, double *slope);
static json_t *full_at(const SizeSample *newest, int64_t free_bytes, bool known, double slope,
					   char **reason);
static json_t *time_json(int64_t microseconds);

static const Disk one_disk = {{"base", "wals", NULL}, base_free, base_total, both};
static const Disk base_disk = {{"base", NULL, NULL}, base_free, base_total, backups};
static const Disk wals_disk = {{"wals", NULL, NULL}, wals_free, wals_total, wal};

Answer *
forecast_of(const char *server)
{
	size_t count;
	SizeSample *samples = size_history_of(server, &count);
	json_t *list = forecast_from(samples, count);

	free(samples);
	return answer_json(200, json_checked(json_pack("{s:o}", "forecast", list)));
}

json_t *
forecast_from(const SizeSample *samples, size_t count)
{
	json_t *list = json_checked(json_array());

	if (count == 0)
		return list;
	if (samples[count - 1].wals_free < 0)
	{
		json_array_append_new(list, disk_json(&one_disk, base_used, samples, count));
		return list;
	}
	json_array_append_new(list, disk_json(&base_disk, base_used, samples, count));
	json_array_append_new(list, disk_json(&wals_disk, wals_used, samples, count));
	return list;
}

static json_t *
disk_json(const Disk *disk, NumberOf used, const SizeSample *samples, size_t count)
{
	const SizeSample *newest = &samples[count - 1];
	json_t *areas = json_checked(json_array());
	json_t *value;
	size_t first = count - 1;
	double own_slope;
	double wal_slope;
	double used_slope;
	char *reason = NULL;
	bool own;
	bool known;
	json_t *full;

	/* a disk that was exchanged or enlarged, or an archive that moved, begins anew */
	while (first > 0 && disk->total(&samples[first - 1]) == disk->total(newest) &&
		   (samples[first - 1].wals_free < 0) == (newest->wals_free < 0))
		first--;
	for (size_t i = 0; disk->areas[i] != NULL; i++)
		json_array_append_new(areas, json_text(disk->areas[i]));
	own = per_day(samples, count, disk->own, &own_slope) && per_day(samples, count, wal, &wal_slope);
	known = per_day(samples + first, count - first, used, &used_slope);
	full = full_at(newest, disk->free_bytes(newest), known, used_slope, &reason);
	if (!known)
	{
		free(reason);
		reason = mem_printf("there is too little history of this disk: %zu samples over %lld minutes, and at least %d over an hour are needed",
							count - first, (long long) ((newest->at - samples[first].at) / 60000000),
							SAMPLES_LEAST);
	}
	value = json_checked(
		json_pack("{s:o, s:I, s:I, s:I, s:I, s:o, s:o, s:o, s:o, s:o, s:I, s:o, s:o}", "areas",
				  areas, "free_bytes", (json_int_t) disk->free_bytes(newest), "total_bytes",
				  (json_int_t) disk->total(newest), "backup_bytes", (json_int_t) newest->backups,
				  "wal_bytes", (json_int_t) newest->wal, "growth_bytes_per_day",
				  own ? json_integer((json_int_t) own_slope) : json_null(), "wal_bytes_per_day",
				  own ? json_integer((json_int_t) wal_slope) : json_null(), "used_bytes_per_day",
				  known ? json_integer((json_int_t) used_slope) : json_null(), "full_at", full,
				  "reason", json_text(reason), "samples", (json_int_t) (count - first), "first_sample",
				  time_json(samples[first].at), "last_sample", time_json(newest->at)));
	free(reason);
	return value;
}

/* Bytes per day by least squares; false: there is too little history */
static bool
per_day(const SizeSample *samples, size_t count, NumberOf number, double *slope)
{
	Point *points;
	Line line;
	bool fits;

	*slope = 0;
	if (count < SAMPLES_LEAST || samples[count - 1].at - samples[0].at < SPAN_LEAST_US)
		return false;
	points = mem_alloc(count * sizeof(Point));
	for (size_t i = 0; i < count; i++)
		points[i] = (Point){(double) (samples[i].at - samples[0].at) / (double) DAY_US,
							(double) number(&samples[i])};
	fits = line_fit(points, count, &line);
	free(points);
	if (fits)
		*slope = line.slope;
	return fits;
}

static json_t *
full_at(const SizeSample *newest, int64_t free_bytes, bool known, double slope, char **reason)
{
	double days;

	if (!known)
		return json_null();
	if (slope <= 0)
	{
		*reason = mem_strdup("the disk does not fill: what is used has not grown over this time");
		return json_null();
	}
	days = (double) free_bytes / slope;
	if (days > DAYS_MOST)
	{
		*reason = mem_strdup("at this pace the disk is not full within ten years");
		return json_null();
	}
	return time_json(newest->at + (int64_t) (days * (double) DAY_US));
}

static int64_t
base_free(const SizeSample *sample)
{
	return sample->base_free;
}

static int64_t
base_total(const SizeSample *sample)
{
	return sample->base_total;
}

static int64_t
wals_free(const SizeSample *sample)
{
	return sample->wals_free;
}

static int64_t
wals_total(const SizeSample *sample)
{
	return sample->wals_total;
}

static int64_t
both(const SizeSample *sample)
{
	return sample->backups + sample->wal;
}

static int64_t
backups(const SizeSample *sample)
{
	return sample->backups;
}

static int64_t
wal(const SizeSample *sample)
{
	return sample->wal;
}

static int64_t
base_used(const SizeSample *sample)
{
	return sample->base_total - sample->base_free;
}

static int64_t
wals_used(const SizeSample *sample)
{
	return sample->wals_total - sample->wals_free;
}

static json_t *
time_json(int64_t microseconds)
{
	char text[TIMESTAMP_LENGTH];

	timestamp_format(microseconds, text);
	return json_text(text);
}
