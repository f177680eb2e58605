/*
 * tally.c
 *
 * Counts jobs by kind and state: those on record, and those that ended since
 * the sidecar started, with a histogram of their durations.
 */
#include "jobs/tally.h"

#include <string.h>

#include "jobs/limits.h"
#include "jobs/record.h"

#define STATES (STATE_LOST + 1)

/* More than there are kinds; the rest is counted as one. */
#define KINDS_MAX 24

/* From a switch of WAL to a restore that takes a day */
static const double bounds[] = {0.1, 1, 5, 15, 60, 300, 900, 3600, 14400, 86400};

#define BOUNDS ((int) (sizeof(bounds) / sizeof(bounds[0])))

typedef struct Tally
{
	char kind[32];
	uint64_t ended[STATES];
	uint64_t durations[BOUNDS + 1];
	double seconds;
	int now[STATES]; /* on record, counted for one scrape */
} Tally;

/* The lock of the jobs guards them. */
static Tally tallies[KINDS_MAX];
static int tally_count;

static Tally *tally_of(const char *kind);
static void write_tallies(Exposition *exposition, const Tally *copy, int count);

void
job_tally_add(const Job *job)
{
	Tally *tally = tally_of(job->kind);
	double seconds = (double) job->elapsed_ms / 1000;
	int i = 0;

	while (i < BOUNDS && seconds > bounds[i])
		i++;
	tally->ended[job->state]++;
	tally->durations[i]++;
	tally->seconds += seconds;
}

void
jobs_metrics(Exposition *exposition)
{
	Tally copy[KINDS_MAX];
	int count;

	pthread_mutex_lock(&job_table.lock);
	for (int i = 0; i < tally_count; i++)
		memset(tallies[i].now, 0, sizeof(tallies[i].now));
	for (const Job *job = job_table.newest; job != NULL; job = job->next)
		tally_of(job->kind)->now[job->state]++;
	count = tally_count;
	memcpy(copy, tallies, sizeof(copy));
	pthread_mutex_unlock(&job_table.lock);
	write_tallies(exposition, copy, count);
	job_limits_metrics(exposition);
}

static Tally *
tally_of(const char *kind)
{
	Tally *tally;

	for (int i = 0; i < tally_count; i++)
	{
		if (strncmp(tallies[i].kind, kind, sizeof(tallies[i].kind) - 1) == 0)
			return &tallies[i];
	}
	if (tally_count == KINDS_MAX)
		return &tallies[KINDS_MAX - 1];
	tally = &tallies[tally_count++];
	strncpy(tally->kind, tally_count == KINDS_MAX ? "others" : kind, sizeof(tally->kind) - 1);
	return tally;
}

static void
write_tallies(Exposition *exposition, const Tally *copy, int count)
{
	exposition_family(exposition, "barman_sidecar_jobs", "gauge",
					  "Jobs on record by kind and state.");
	for (int i = 0; i < count; i++)
	{
		for (int state = 0; state < STATES; state++)
			exposition_sample(exposition, copy[i].now[state], "kind", copy[i].kind, "state",
							  job_state_names[state], NULL);
	}
	exposition_family(exposition, "barman_sidecar_jobs_ended_total", "counter",
					  "Jobs that ended since the sidecar started, by kind and state.");
	for (int i = 0; i < count; i++)
	{
		for (int state = STATE_DONE; state < STATES; state++)
			exposition_sample(exposition, (double) copy[i].ended[state], "kind", copy[i].kind,
							  "state", job_state_names[state], NULL);
	}
	exposition_family(exposition, "barman_sidecar_job_duration_seconds", "histogram",
					  "How long the jobs took that ended since the sidecar started, by kind.");
	for (int i = 0; i < count; i++)
		exposition_histogram(exposition, bounds, BOUNDS, copy[i].durations, copy[i].seconds, "kind",
							 copy[i].kind);
}
