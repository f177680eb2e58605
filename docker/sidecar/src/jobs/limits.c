/*
 * limits.c
 *
 * Limits on jobs: in total, per kind and server, per backup, and on backups
 * per hour.  Reserves one place for backups and jobs that free disk space, and
 * one for local callers.
 */
#include "jobs/limits.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/settings.h"
#include "base/timestamp.h"
#include "jobs/table.h"

#define HOUR_US (INT64_C(3600) * 1000000)

/* The last place is for local callers, the one before it for backups and for freeing disk space. */
#define PLACES_OF_OWNER	   1
#define PLACES_THAT_MATTER 1

typedef enum Reason
{
	REASON_ALL,
	REASON_KIND,
	REASON_SAME,
	REASON_HOUR,
	REASONS
} Reason;

static const char *const reason_names[REASONS] = {
	[REASON_ALL] = "all",
	[REASON_KIND] = "kind",
	[REASON_SAME] = "same_backup",
	[REASON_HOUR] = "backups_per_hour",
};

static unsigned long long refused[REASONS];

static Answer *refuse_same(const JobKind *kind, const char *server, const char *id);
static Answer *refuse_hour(const char *server);
static Answer *refuse_kind(const JobKind *kind, const char *server);
static Answer *refuse_all(const JobCaller *caller, const JobKind *kind);
static bool counts_for_hour(const Job *job, const char *server, int64_t since);
static Answer *refuse(Reason reason, const char *code, char *message, char *detail, const char *hint);

Answer *
job_limits_refuse(const JobCaller *caller, const JobKind *kind, const char *server,
				  const char *backup_id)
{
	Answer *answer = NULL;

	if (kind->one_per_backup)
		answer = refuse_same(kind, server, backup_id);
	if (answer == NULL && kind->makes_backups && settings.max_backups_per_hour > 0)
		answer = refuse_hour(server);
	if (answer == NULL)
		answer = refuse_kind(kind, server);
	return answer != NULL ? answer : refuse_all(caller, kind);
}

/* A second run would only read the same bytes again. */
static Answer *
refuse_same(const JobKind *kind, const char *server, const char *id)
{
	for (const Job *job = job_table.newest; job != NULL && id != NULL; job = job->next)
	{
		const char *other = job->asked.backup_id;

		if (!job_has_ended(job) && !job->cancel_requested && strcmp(job->kind, kind->name) == 0 &&
			job->server != NULL && strcmp(job->server, server) == 0 && other != NULL &&
			strcmp(other, id) == 0)
			return refuse(REASON_SAME, "conflict",
						  mem_printf("another %s of backup \"%s\" is running", kind->name, id),
						  mem_printf("It is job %s.", job->id),
						  "Wait for that one: its result is the same.");
	}
	return NULL;
}

/*
 * With retention by redundancy, each new backup may expire an old one: a
 * stolen token must not be enough to expire them all.
 */
static Answer *
refuse_hour(const char *server)
{
	int64_t since = timestamp_now() - HOUR_US;
	int64_t oldest = 0;
	int count = 0;
	Answer *answer;

	for (const Job *job = job_table.newest; job != NULL; job = job->next)
	{
		if (counts_for_hour(job, server, since))
		{
			/* newest first: once this one is an hour old, there is room again */
			count++;
			if (count == settings.max_backups_per_hour)
				oldest = job->created;
		}
	}
	if (count < settings.max_backups_per_hour)
		return NULL;
	answer = refuse(REASON_HOUR, "too_many_requests",
					mem_printf("there were %d backups of server \"%s\" within an hour", count, server),
					mem_strdup("More could push older backups out of the retention policy."),
					"Wait, or start barman-sidecar with a higher --max-backups-per-hour.");
	answer->retry_after = (int) ((oldest - since) / 1000000) + 1;
	return answer;
}

/* A backup whose copy failed does not expire another one. */
static bool
counts_for_hour(const Job *job, const char *server, int64_t since)
{
	return job->created > since && strcmp(job->kind, "backup") == 0 && job->server != NULL &&
		   (server == NULL || strcmp(job->server, server) == 0) &&
		   (job->copied || (job->state != STATE_FAILED && job->state != STATE_CANCELLED));
}

bool
job_limits_need(const Job *job)
{
	return counts_for_hour(job, NULL, timestamp_now() - HOUR_US);
}

static Answer *
refuse_kind(const JobKind *kind, const char *server)
{
	int count = 0;

	for (const Job *job = job_table.newest; job != NULL; job = job->next)
		count += !job_has_ended(job) && strcmp(job->kind, kind->name) == 0 &&
				 strcmp(job->server != NULL ? job->server : "", server != NULL ? server : "") == 0;
	if (count < settings.max_jobs_of_kind)
		return NULL;
	return refuse(REASON_KIND, "too_many_requests",
				  server != NULL
					  ? mem_printf("too many jobs of the kind %s are running for server \"%s\"",
								   kind->name, server)
					  : mem_printf("too many jobs of the kind %s are running", kind->name),
				  mem_printf("There are %d (--max-jobs-of-kind).", count),
				  "Try again when one has ended.");
}

static Answer *
refuse_all(const JobCaller *caller, const JobKind *kind)
{
	int places = settings.max_jobs;

	if (!caller->local)
		places -= PLACES_OF_OWNER;
	if (!kind->makes_backups && !kind->frees_room)
		places -= PLACES_THAT_MATTER;
	if (job_table.running < places)
		return NULL;
	return refuse(REASON_ALL, "too_many_requests", mem_strdup("too many jobs are running"),
				  mem_printf("There are %d of %d (--max-jobs); a place is kept for backups, and one for callers of the Barman host itself.",
							 job_table.running, settings.max_jobs),
				  "Try again when one has ended.");
}

static Answer *
refuse(Reason reason, const char *code, char *message, char *detail, const char *hint)
{
	Answer *answer = answer_error(code, message, detail, hint);

	refused[reason]++;
	free(message);
	free(detail);
	return answer;
}

void
job_limits_metrics(Exposition *exposition)
{
	unsigned long long counts[REASONS];

	pthread_mutex_lock(&job_table.lock);
	memcpy(counts, refused, sizeof(counts));
	pthread_mutex_unlock(&job_table.lock);
	exposition_family(exposition, "barman_sidecar_jobs_limit", "gauge",
					  "Jobs that may run at a time.");
	exposition_sample(exposition, settings.max_jobs, NULL);
	exposition_family(exposition, "barman_sidecar_jobs_refused_total", "counter",
					  "Jobs that were refused, by the limit that was reached.");
	for (int i = 0; i < REASONS; i++)
		exposition_sample(exposition, (double) counts[i], "limit", reason_names[i], NULL);
}
