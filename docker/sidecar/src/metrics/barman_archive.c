/*
 * barman_archive.c
 *
 * The archived WAL of the servers: how far behind it is, its gaps, what can be
 * restored; and the disks that hold it.
 */
#include "metrics/barman_archive.h"

#include <string.h>

#include "barman/lsn.h"
#include "base/memory.h"

/* streaming_archiver_name, as Barman has it by default */
#define RECEIVER_NAME "barman_receive_wal"

/* A number of a server's sample; false: it could not be had. */
typedef bool (*NumberOf)(const Sample *sample, double *number);

static bool segments(const Sample *sample, double *number);
static bool position(const Sample *sample, double *number);
static bool lag_bytes(const Sample *sample, double *number);
static bool lag_segments(const Sample *sample, double *number);
static bool lag_seconds(const Sample *sample, double *number);
static bool missing(const Sample *sample, double *number);
static bool first_restorable(const Sample *sample, double *number);
static bool last_restorable(const Sample *sample, double *number);
static bool receiver_lag(const Sample *sample, double *number);
static void write_disks(Exposition *exposition, const Sample *samples, int count);

static const struct
{
	const char *name;
	const char *help;
	NumberOf number_of;
} gauges[] = {
	{"barman_sidecar_archive_segments", "WAL segments in the archive.", segments},
	{"barman_sidecar_archive_position_bytes",
	 "Position in the WAL at which the archive ends, as a number of bytes.", position},
	{"barman_sidecar_archive_lag_bytes",
	 "Bytes of WAL that the server has written beyond the archive.", lag_bytes},
	{"barman_sidecar_archive_lag_segments", "Whole segments of these.", lag_segments},
	{"barman_sidecar_archive_lag_seconds",
	 "Time since the archive got its newest segment, 0 while it lacks no whole one.", lag_seconds},
	{"barman_sidecar_archive_missing_segments",
	 "Segments that are not in the archive, between the oldest backup that is not kept alone and the end.",
	 missing},
	{"barman_sidecar_first_restorable_timestamp_seconds",
	 "The earliest time to which a backup can be restored.", first_restorable},
	{"barman_sidecar_last_restorable_timestamp_seconds",
	 "When the last segment was written to which the latest backup can be recovered without a gap.",
	 last_restorable},
	{"barman_sidecar_receiver_lag_bytes",
	 "Bytes of WAL that the server has written and the receiver has not yet flushed.", receiver_lag},
};

void
barman_archive_metrics(Exposition *exposition, const Sample *samples, int count)
{
	for (size_t n = 0; n < sizeof(gauges) / sizeof(gauges[0]); n++)
	{
		exposition_family(exposition, gauges[n].name, "gauge", gauges[n].help);
		for (int i = 0; i < count; i++)
		{
			double number;

			if (gauges[n].number_of(&samples[i], &number))
				exposition_sample(exposition, number, "server", samples[i].server, NULL);
		}
	}
	write_disks(exposition, samples, count);
}

static bool
segments(const Sample *sample, double *number)
{
	*number = (double) sample->archive.segments;
	return sample->archive_known;
}

static bool
position(const Sample *sample, double *number)
{
	*number = (double) sample->archive.end;
	return sample->archive_known && sample->archive.segments > 0;
}

static bool
lag_bytes(const Sample *sample, double *number)
{
	const json_t *replication = sample_value(sample, SAMPLE_REPLICATION, NULL);
	const char *text = json_text_of(replication, "server_lsn");
	uint64_t now;

	if (!sample->archive_known || sample->archive.segments == 0 || text == NULL ||
		!lsn_parse(text, &now))
		return false;
	/* the archive was listed after the server was asked, so it may be ahead */
	*number = now > sample->archive.end ? (double) (now - sample->archive.end) : 0;
	return true;
}

static bool
lag_segments(const Sample *sample, double *number)
{
	if (!lag_bytes(sample, number))
		return false;
	*number = (double) ((int64_t) *number / sample->segment_size);
	return true;
}

static bool
lag_seconds(const Sample *sample, double *number)
{
	double lag;

	if (!lag_segments(sample, &lag) || sample->archive.newest_time == 0)
		return false;
	*number = (double) (sample->updated - sample->archive.newest_time) / 1000000;
	if (lag < 1 || *number < 0)
		*number = 0;
	return true;
}

static bool
missing(const Sample *sample, double *number)
{
	*number = (double) sample->archive.missing;
	return sample->archive_known && sample->archive.missing >= 0;
}

/* A backup is consistent from its end on. */
static bool
first_restorable(const Sample *sample, double *number)
{
	const json_t *backups = sample_value(sample, SAMPLE_BACKUPS, "backups");

	for (size_t i = json_array_size(backups); i-- > 0;)
	{
		const json_t *backup = json_array_get(backups, i);

		if (sample_backup_is_done(backup))
			return sample_time(backup, "end_time", number);
	}
	return false;
}

static bool
last_restorable(const Sample *sample, double *number)
{
	*number = (double) sample->archive.reached_time / 1000000;
	return sample->archive_known && sample->archive.reached_time != 0;
}

/* Without a receiver there is no number: barman_sidecar_receiver_up tells. */
static bool
receiver_lag(const Sample *sample, double *number)
{
	const json_t *clients = json_object_get(sample_value(sample, SAMPLE_REPLICATION, NULL),
											"clients");

	for (size_t i = 0; i < json_array_size(clients); i++)
	{
		const json_t *client = json_array_get(clients, i);
		const char *name = json_text_of(client, "application_name");
		const json_t *lag = json_object_get(client, "flush_lag");

		if (name != NULL && strcmp(name, RECEIVER_NAME) == 0 && json_is_number(lag))
		{
			*number = json_number_value(lag);
			return true;
		}
	}
	return false;
}

static void
write_disks(Exposition *exposition, const Sample *samples, int count)
{
	static const struct
	{
		const char *name;
		const char *help;
		const char *key;
	} sizes[] = {
		{"barman_sidecar_disk_free_bytes", "Free bytes of the file system of an area of Barman's.",
		 "free_bytes"},
		{"barman_sidecar_disk_size_bytes", "Bytes of the file system of an area of Barman's.",
		 "total_bytes"},
	};

	for (size_t n = 0; n < sizeof(sizes) / sizeof(sizes[0]); n++)
	{
		exposition_family(exposition, sizes[n].name, "gauge", sizes[n].help);
		for (int i = 0; i < count; i++)
		{
			const json_t *disks = sample_value(&samples[i], SAMPLE_DISKS, "disks");

			for (size_t k = 0; k < json_array_size(disks); k++)
			{
				const json_t *disk = json_array_get(disks, k);
				const json_t *value = json_object_get(disk, sizes[n].key);

				if (json_is_number(value))
					exposition_sample(exposition, json_number_value(value), "server",
									  samples[i].server, "area", json_text_of(disk, "area"), NULL);
			}
		}
	}
}
