/*
 * barman_checks.c
 *
 * Barman's checks of the servers, and whether they could be read at all.
 */
#include "metrics/barman_checks.h"

#include <string.h>

#include "base/memory.h"
#include "proof/last_drill.h"

/* Gauges that say in one word what one or two of Barman's checks say */
static const struct
{
	const char *name;
	const char *help;
	const char *checks[2];
} summaries[] = {
	{"barman_sidecar_receiver_up",
	 "Whether the receiver of WAL runs, as Barman's check says.",
	 {"receive_wal_running", NULL}},
	{"barman_sidecar_slot_up",
	 "Whether the replication slot is in use, as Barman's check says.",
	 {"replication_slot", NULL}},
	{"barman_sidecar_retention_met",
	 "Whether there are as many backups as the minimum redundancy asks for, and the retention policy is a valid one.",
	 {"minimum_redundancy_requirements", "retention_policy_settings"}},
};

static void write_reads(Exposition *exposition, const Sample *samples, int count);
static void write_summaries(Exposition *exposition, const Sample *samples, int count);

void
barman_checks_metrics(Exposition *exposition, const Sample *samples, int count)
{
	exposition_family(exposition, "barman_up", "gauge", "Whether a check of Barman's passed.");
	for (int i = 0; i < count; i++)
	{
		const json_t *checks = sample_value(&samples[i], SAMPLE_CHECK, "checks");

		for (size_t n = 0; n < json_array_size(checks); n++)
		{
			const json_t *check = json_array_get(checks, n);

			exposition_sample(exposition, json_is_true(json_object_get(check, "ok")), "server",
							  samples[i].server, "check", json_text_of(check, "check_name"), NULL);
		}
	}
	write_reads(exposition, samples, count);
	write_summaries(exposition, samples, count);
}

static void
write_reads(Exposition *exposition, const Sample *samples, int count)
{
	exposition_family(exposition, "barman_sidecar_server_active", "gauge",
					  "Whether the server is active in Barman's configuration.");
	for (int i = 0; i < count; i++)
		exposition_sample(exposition, strcmp(samples[i].state, "active") == 0, "server",
						  samples[i].server, "state", samples[i].state, NULL);
	exposition_family(exposition, "barman_sidecar_read_up", "gauge",
					  "Whether this could be read of the server; if not, the metrics that need it are absent.");
	for (int i = 0; i < count; i++)
	{
		for (int n = 0; n < SAMPLE_READS; n++)
		{
			if (samples[i].asked[n])
				exposition_sample(exposition, sample_has(&samples[i], (SampleRead) n), "server",
								  samples[i].server, "read", sample_read_names[n], NULL);
		}
	}
	exposition_family(exposition, "barman_sidecar_proven", "gauge",
					  "Whether any restore drill of the server has passed.");
	for (int i = 0; i < count; i++)
		exposition_sample(exposition, drill_record_proven(samples[i].server), "server",
						  samples[i].server, NULL);
}

static void
write_summaries(Exposition *exposition, const Sample *samples, int count)
{
	for (size_t n = 0; n < sizeof(summaries) / sizeof(summaries[0]); n++)
	{
		exposition_family(exposition, summaries[n].name, "gauge", summaries[n].help);
		for (int i = 0; i < count; i++)
		{
			bool known;
			bool good = sample_check(&samples[i], summaries[n].checks[0], &known);
			bool second = true;
			bool second_known = true;

			if (summaries[n].checks[1] != NULL)
				second = sample_check(&samples[i], summaries[n].checks[1], &second_known);
			if (known && second_known)
				exposition_sample(exposition, good && second, "server", samples[i].server, NULL);
		}
	}
}
