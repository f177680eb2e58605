/*
 * switch_wal.c
 *
 * Waits for a segment that the caller has closed, or has Barman close one.
 * Reports a segment as archived only if it is in the archive.
 */
#include "jobs/switch_wal.h"

#include <stdlib.h>
#include <string.h>

#include "barman/catalogue.h"
#include "barman/command.h"
#include "barman/read_cache.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/timestamp.h"

/* How often to look at the directories; that costs microseconds. */
#define LOOK_MS 100

/* Archive at least this often, in case a change goes unnoticed. */
#define ARCHIVE_EVERY_MS 5000

/* gzip of a backlog takes 0.7 s a segment */
#define ARCHIVE_DEADLINE_MS (10 * 60 * 1000)

/* A switch that takes longer waits for WAL that nobody writes. */
#define QUIET_MS 1500

/* Time that Barman needs beyond its --archive-timeout */
#define SWITCH_MARGIN_MS 30000

static void switch_wal_body(Job *job, const void *request);
static void switch_and_archive(Job *job, int64_t timeout_ms);
static bool say_that_it_waits(void *job);
static void finish(Job *job, const char *wal_file, bool archived);

const JobKind job_switch_wal = {.name = "switch-wal", .body = switch_wal_body};

bool
wal_file_name_is_valid(const char *name)
{
	return strlen(name) == 24 && strspn(name, "0123456789ABCDEF") == 24;
}

bool
wal_comes_by_cron(const char *server)
{
	json_t *facts = catalogue_facts(server);
	bool passive = json_is_true(json_object_get(facts, "passive"));

	json_decref(facts);
	return passive;
}

bool
archive_wal(Job *job)
{
	const char *archive[] = {"archive-wal", job_server(job), NULL};

	const char *copy[] = {"cron", NULL};
	const char *const *command = wal_comes_by_cron(job_server(job)) ? copy : archive;
	RunResult result;
	BarmanOutput output;
	bool going_on = job_run(job, command, ARCHIVE_DEADLINE_MS, NULL, NULL, &result);
	output = runner_output(&result);
	/* Log only what was archived, not every attempt. */
	if (going_on && command == archive && strstr(result.out, "Another archive-wal process") == NULL &&
		strstr(result.out, "no file found") == NULL)
		job_log_messages(job, json_checked(barman_parse_messages(&output)));
	runner_free(&result);
	return going_on;
}

void
switch_wal_request_free(void *request)
{
	SwitchWalRequest *asked = request;

	free(asked->wal_file);
	free(asked);
}

static void
switch_wal_body(Job *job, const void *request)
{
	const SwitchWalRequest *asked = request;
	bool arrived;

	if (asked->wal_file == NULL)
		switch_and_archive(job, asked->timeout_ms);
	else if (job_await_segment(job, asked->wal_file, asked->timeout_ms, &arrived))
	{
		if (arrived)
			job_log(job, JOB_INFO, "segment %s is archived", asked->wal_file);
		else
			job_log(job, JOB_WARNING, "segment %s was not archived within %lld seconds",
					asked->wal_file, (long long) asked->timeout_ms / 1000);
		finish(job, asked->wal_file, arrived);
	}
}

bool
job_await_segment(Job *job, const char *wal_file, int64_t timeout_ms, bool *arrived)
{
	int64_t deadline = monotonic_ms() + timeout_ms;
	int64_t archived_at = INT64_MIN / 2;
	uint64_t seen = 0;

	if (!reads_learn_directories(job_server(job)))
	{
		job_fail(job, "unavailable", "Barman does not tell where this server's WAL is", NULL,
				 "Look at \"barman show-servers\".");
		return false;
	}
	job_log(job, JOB_INFO, "waiting until segment %s is archived", wal_file);
	while (!(*arrived = catalogue_has_wal(job_server(job), wal_file)))
	{
		uint64_t signature = catalogue_wal_signature(job_server(job));
		int64_t now = monotonic_ms();

		if (now >= deadline)
			break;
		if (signature != seen || now - archived_at >= ARCHIVE_EVERY_MS)
		{
			seen = signature;
			archived_at = now;
			if (!archive_wal(job))
				return false;
			if (catalogue_has_wal(job_server(job), wal_file))
				continue;
			job_needs_wal(job, true);
		}
		if (!job_sleep(job, LOOK_MS))
			return false;
	}
	job_needs_wal(job, false);
	reads_invalidate(job_server(job));
	return true;
}

static void
switch_and_archive(Job *job, int64_t timeout_ms)
{
	char *seconds = mem_printf("%lld", (long long) timeout_ms / 1000);
	const char *command[] = {"switch-wal", "--archive",		"--archive-timeout",
							 seconds,	   job_server(job), NULL};
	RunResult result;
	BarmanFailure failure;
	BarmanOutput output;
	json_t *value = NULL;

	job_log(job, JOB_INFO, "closing the current WAL segment of server \"%s\"", job_server(job));
	if (job_run(job, command, timeout_ms + SWITCH_MARGIN_MS, say_that_it_waits, job, &result))
	{
		output = runner_output(&result);
		job_log_messages(job, json_checked(barman_parse_messages(&output)));
		if (barman_run_succeeded(&result, "switch-wal", &failure))
			value = barman_parse_switch_wal(&output, job_server(job), &failure);
		if (value == NULL)
			job_fail_with(job, &failure);
		else
		{
			reads_invalidate(job_server(job));
			finish(job, json_string_value(json_object_get(value, "wal_file")),
				   json_is_true(json_object_get(value, "archived")));
		}
		json_decref(value);
	}
	runner_free(&result);
	free(seconds);
}

static bool
say_that_it_waits(void *job)
{
	if (job_elapsed_ms(job) >= QUIET_MS)
		job_needs_wal(job, true);
	return true;
}

static void
finish(Job *job, const char *wal_file, bool archived)
{
	json_t *value = json_checked(json_object());

	json_object_set_new(value, "wal_file", json_text(wal_file));
	json_object_set_new(value, "archived", json_boolean(archived));
	json_object_set_new(value, "elapsed_seconds", json_real((double) job_elapsed_ms(job) / 1000));
	job_done(job, value);
}

void
job_name_cluster(Job *job, const char *recorded)
{
	char *identifier = recorded != NULL ? mem_strdup(recorded) : catalogue_system_id(job_server(job));

	job_system_identifier(job, identifier);
	free(identifier);
}
