/*
 * barman_backups.c
 *
 * The backups of the servers: those names that Barman's known exporter has,
 * with its meaning, and ours beside them.
 */
#include "metrics/barman_backups.h"

#include <stdio.h>
#include <string.h>

#include "base/memory.h"

typedef enum Way
{
	AS_NUMBER,
	AS_TIME
} Way;

/* A gauge of the latest good backup: a key of its list entry, or of all that is known of it */
typedef struct LatestGauge
{
	const char *name;
	const char *help;
	const char *key;
	bool in_full;
	Way way;
} LatestGauge;

static const LatestGauge latest_gauges[] = {
	{"barman_last_backup", "When the latest good backup began.", "begin_time", false, AS_TIME},
	{"barman_last_backup_copy_time", "How many seconds the latest good backup copied.",
	 "copy_seconds", true, AS_NUMBER},
	{"barman_last_backup_throughput", "Bytes per second that the latest good backup copied.",
	 "throughput", true, AS_NUMBER},
	{"barman_last_backup_wal_rate_per_second",
	 "WAL segments per second since the latest good backup.", "wal_rate_per_second", true, AS_NUMBER},
	{"barman_last_backup_wal_files", "WAL segments archived since the latest good backup.",
	 "wals_after_count", true, AS_NUMBER},
};

/* A count of each is given for servers whose list is known, also if it is 0. */
static const char *const statuses[] = {"DONE",	"WAITING_FOR_WALS", "STARTED", "FAILED",
									   "EMPTY", "SYNCING"};

#define STATUSES (sizeof(statuses) / sizeof(statuses[0]))

static void write_counts(Exposition *exposition, const Sample *samples, int count);
static void write_sizes(Exposition *exposition, const Sample *samples, int count, const char *key);
static void write_latest(Exposition *exposition, const Sample *samples, int count);
static void write_first(Exposition *exposition, const Sample *samples, int count);
static void write_types(Exposition *exposition, const Sample *samples, int count);
static int count_status(const json_t *backups, const char *status);
static const json_t *latest_of_type(const Sample *sample, bool incremental);
static bool number_of(const json_t *object, const char *key, Way way, double *number);

void
barman_backups_metrics(Exposition *exposition, const Sample *samples, int count)
{
	write_counts(exposition, samples, count);
	exposition_family(exposition, "barman_backup_size", "gauge",
					  "Bytes of each good backup; number 1 is the latest.");
	write_sizes(exposition, samples, count, "size");
	exposition_family(exposition, "barman_backup_wal_size", "gauge",
					  "Bytes of the WAL from each good backup to the next; number 1 is the latest.");
	write_sizes(exposition, samples, count, "wal_size");
	write_first(exposition, samples, count);
	write_latest(exposition, samples, count);
	write_types(exposition, samples, count);
}

static void
write_counts(Exposition *exposition, const Sample *samples, int count)
{
	/* untyped, because it goes down, and only counters may end with _total */
	exposition_family(exposition, "barman_backups_total", "untyped",
					  "Backups in Barman's catalogue, also those that failed.");
	for (int i = 0; i < count; i++)
	{
		if (sample_has(&samples[i], SAMPLE_BACKUPS))
			exposition_sample(exposition,
							  (double) json_array_size(
								  sample_value(&samples[i], SAMPLE_BACKUPS, "backups")),
							  "server", samples[i].server, NULL);
	}
	exposition_family(exposition, "barman_backups_failed", "gauge", "Backups that failed.");
	for (int i = 0; i < count; i++)
	{
		if (sample_has(&samples[i], SAMPLE_BACKUPS))
			exposition_sample(exposition,
							  count_status(sample_value(&samples[i], SAMPLE_BACKUPS, "backups"),
										   "FAILED"),
							  "server", samples[i].server, NULL);
	}
	exposition_family(exposition, "barman_sidecar_backups", "gauge",
					  "Backups in Barman's catalogue by status.");
	for (int i = 0; i < count; i++)
	{
		for (size_t n = 0; sample_has(&samples[i], SAMPLE_BACKUPS) && n < STATUSES; n++)
			exposition_sample(exposition,
							  count_status(sample_value(&samples[i], SAMPLE_BACKUPS, "backups"),
										   statuses[n]),
							  "server", samples[i].server, "status", statuses[n], NULL);
	}
}

static void
write_sizes(Exposition *exposition, const Sample *samples, int count, const char *key)
{
	for (int i = 0; i < count; i++)
	{
		const json_t *backups = sample_value(&samples[i], SAMPLE_BACKUPS, "backups");
		int number = 0;

		for (size_t n = 0; n < json_array_size(backups); n++)
		{
			const json_t *backup = json_array_get(backups, n);
			const json_t *size = json_object_get(backup, key);
			char text[16];

			if (!sample_backup_is_done(backup))
				continue;
			snprintf(text, sizeof(text), "%d", ++number);
			if (json_is_number(size))
				exposition_sample(exposition, json_number_value(size), "server", samples[i].server,
								  "number", text, NULL);
		}
	}
}

static void
write_first(Exposition *exposition, const Sample *samples, int count)
{
	exposition_family(exposition, "barman_first_backup", "gauge",
					  "When the oldest good backup began.");
	for (int i = 0; i < count; i++)
	{
		const json_t *backups = sample_value(&samples[i], SAMPLE_BACKUPS, "backups");
		double seconds;

		for (size_t n = json_array_size(backups); n-- > 0;)
		{
			const json_t *backup = json_array_get(backups, n);

			if (!sample_backup_is_done(backup))
				continue;
			if (sample_time(backup, "begin_time", &seconds))
				exposition_sample(exposition, seconds, "server", samples[i].server, NULL);
			break;
		}
	}
}

static void
write_latest(Exposition *exposition, const Sample *samples, int count)
{
	for (size_t n = 0; n < sizeof(latest_gauges) / sizeof(latest_gauges[0]); n++)
	{
		const LatestGauge *gauge = &latest_gauges[n];

		exposition_family(exposition, gauge->name, "gauge", gauge->help);
		for (int i = 0; i < count; i++)
		{
			const json_t *backup = gauge->in_full
									   ? sample_value(&samples[i], SAMPLE_LATEST, "backup")
									   : sample_latest_backup(&samples[i]);
			double number;

			if (number_of(backup, gauge->key, gauge->way, &number))
				exposition_sample(exposition, number, "server", samples[i].server, NULL);
		}
	}
}

/* The latest full and the latest incremental backup: one that follows a parent */
static void
write_types(Exposition *exposition, const Sample *samples, int count)
{
	static const struct
	{
		const char *name;
		const char *help;
		const char *key;
		Way way;
	} gauges[] = {
		{"barman_sidecar_latest_backup_timestamp_seconds",
		 "When the latest good backup of this type ended; its age is time() less this.", "end_time",
		 AS_TIME},
		{"barman_sidecar_latest_backup_size_bytes", "Bytes of the latest good backup of this type.",
		 "size", AS_NUMBER},
	};

	for (size_t n = 0; n < sizeof(gauges) / sizeof(gauges[0]); n++)
	{
		exposition_family(exposition, gauges[n].name, "gauge", gauges[n].help);
		for (int i = 0; i < count; i++)
		{
			for (int incremental = 0; incremental < 2; incremental++)
			{
				double number;

				if (number_of(latest_of_type(&samples[i], incremental == 1), gauges[n].key,
							  gauges[n].way, &number))
					exposition_sample(exposition, number, "server", samples[i].server, "type",
									  incremental == 1 ? "incremental" : "full", NULL);
			}
		}
	}
}

static int
count_status(const json_t *backups, const char *status)
{
	int count = 0;

	for (size_t i = 0; i < json_array_size(backups); i++)
	{
		const char *its = json_text_of(json_array_get(backups, i), "status");

		count += its != NULL && strcmp(its, status) == 0;
	}
	return count;
}

/* rsync's and snapshots are full ones: each can be restored alone. */
static const json_t *
latest_of_type(const Sample *sample, bool incremental)
{
	const json_t *backups = sample_value(sample, SAMPLE_BACKUPS, "backups");

	for (size_t i = 0; i < json_array_size(backups); i++)
	{
		const json_t *backup = json_array_get(backups, i);
		const char *type = json_text_of(backup, "type");

		if (sample_backup_is_done(backup) && type != NULL &&
			(strcmp(type, "incremental") == 0) == incremental)
			return backup;
	}
	return NULL;
}

static bool
number_of(const json_t *object, const char *key, Way way, double *number)
{
	const json_t *value = json_object_get(object, key);

	if (way == AS_TIME)
		return sample_time(object, key, number);
	*number = json_number_value(value);
	return json_is_number(value);
}
