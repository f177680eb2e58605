/*
 * verify_keep_delete.c
 *
 * Has Barman verify, keep or delete a backup that is in its catalogue.  Checks
 * the outcome rather than trust an exit code.
 */
#include "jobs/verify_keep_delete.h"

#include <stdlib.h>
#include <string.h>

#include "barman/command.h"
#include "base/memory.h"

/* Time to read every byte of a backup */
#define VERIFY_MS (INT64_C(24) * 3600 * 1000)

#define KEEP_MS 60000

/* Time to remove every file of a backup and its WAL */
#define DELETE_MS (INT64_C(3600) * 1000)

typedef json_t *(*Parser)(const BarmanOutput *output, const char *server, BarmanFailure *failure);

static void verify_body(Job *job, const void *request);
static void keep_body(Job *job, const void *request);
static void delete_body(Job *job, const void *request);
static json_t *run(Job *job, const char *const *command, int64_t deadline_ms, Parser parse);
static void finish(Job *job, const char *id, const char *status, const char *detail);

const JobKind job_verify = {.name = "verify", .body = verify_body, .one_per_backup = true};
const JobKind job_keep = {.name = "keep", .body = keep_body};
const JobKind job_delete = {.name = "delete", .exclusive = true, .body = delete_body};

void
verify_request_free(void *request)
{
	VerifyRequest *asked = request;

	free(asked->backup_id);
	free(asked);
}

static void
verify_body(Job *job, const void *request)
{
	const VerifyRequest *asked = request;
	const char *id = asked->backup_id;
	const char *command[] = {"verify-backup", job_server(job), id, NULL};
	json_t *value;

	job_phase(job, "verifying");
	value = run(job, command, VERIFY_MS, barman_parse_verify);
	if (value == NULL)
		return;
	if (strcmp(json_string_value(json_object_get(value, "status")), "valid") != 0)
		job_log(job, JOB_WARNING, "backup %s is corrupt", id);
	json_object_set_new(value, "backup_id", json_text(id));
	job_done(job, value);
}

void
keep_request_free(void *request)
{
	KeepRequest *asked = request;

	free(asked->backup_id);
	free(asked);
}

static void
keep_body(Job *job, const void *request)
{
	const KeepRequest *asked = request;
	const char *id = asked->backup_id;
	const char *keep = asked->keep;
	const char *set[] = {"keep", "--target", keep, job_server(job), id, NULL};
	const char *release[] = {"keep", "--release", job_server(job), id, NULL};
	const char *ask[] = {"keep", "--status", job_server(job), id, NULL};
	bool releases = strcmp(keep, "release") == 0;
	json_t *value;
	const char *status;

	job_phase(job, releases ? "releasing" : "keeping");
	/* from full to standalone: WAL may then be removed */
	if (strcmp(keep, "standalone") == 0 && !asked->may_lessen)
	{
		bool lessens;

		value = run(job, ask, KEEP_MS, barman_parse_keep_status);
		if (value == NULL)
			return;
		lessens = strcmp(json_string_value(json_object_get(value, "status")), "full") == 0;
		json_decref(value);
		if (lessens)
		{
			job_fail(job, "forbidden", "this needs a token of the scope \"destroy\"",
					 "The backup is kept with all WAL from it on; of that, standalone would let the retention policy remove what is not needed to make it consistent.",
					 "Send a token of that scope; --token-file=SCOPE=FILE gives the sidecar one.");
			return;
		}
	}
	value = run(job, releases ? release : set, KEEP_MS, barman_parse_keep);
	if (value == NULL)
		return;
	json_decref(value);
	value = run(job, ask, KEEP_MS, barman_parse_keep_status);
	if (value == NULL)
		return;
	status = json_string_value(json_object_get(value, "status"));
	if (strcmp(status, releases ? "none" : keep) != 0)
		job_fail(job, BARMAN_FAILED, "Barman did not do what it was asked", status,
				 "Look at Barman's log.");
	else if (releases)
		finish(job, id, status, "The retention policy holds for it again.");
	else
		finish(job, id, status,
			   strcmp(keep, "full") == 0
				   ? "It is kept with all WAL from it on, whatever the retention policy."
				   : "It is kept with the WAL that makes it consistent, whatever the retention policy.");
	json_decref(value);
}

void
delete_request_free(void *request)
{
	DeleteRequest *asked = request;

	free(asked->backup_id);
	free(asked);
}

static void
delete_body(Job *job, const void *request)
{
	const DeleteRequest *asked = request;
	const char *id = asked->backup_id;
	const char *command[] = {"delete", job_server(job), id, NULL};
	json_t *value;
	json_t *deleted;
	json_t *one;
	size_t i;
	char *detail = mem_strdup("");
	bool found = false;

	job_phase(job, "deleting");
	value = run(job, command, DELETE_MS, barman_parse_delete);
	deleted = json_object_get(value, "deleted");
	json_array_foreach (deleted, i, one)
	{
		char *longer = mem_printf("%s%s%s", detail, i > 0 ? ", " : "", json_string_value(one));

		free(detail);
		detail = longer;
		found = found || strcmp(json_string_value(one), id) == 0;
	}
	if (value != NULL && found)
		finish(job, id, "deleted", detail);
	else if (value != NULL)
		job_fail(job, BARMAN_FAILED, "Barman did not say that it deleted the backup",
				 detail[0] != '\0' ? detail : NULL, "Look at Barman's log.");
	free(detail);
	json_decref(value);
}

/* NULL if the job failed or was cancelled. */
static json_t *
run(Job *job, const char *const *command, int64_t deadline_ms, Parser parse)
{
	RunResult result;
	BarmanFailure failure = {0};
	BarmanOutput output;
	json_t *value = NULL;
	json_t *message;
	json_t *messages;
	size_t i;

	if (job_run(job, command, deadline_ms, NULL, NULL, &result))
	{
		output = runner_output(&result);
		if (barman_run_succeeded(&result, command[0], &failure))
			value = parse(&output, job_server(job), &failure);

		/* errors are reported once, by job_fail_with() */
		messages = json_checked(barman_parse_messages(&output));
		json_array_foreach (messages, i, message)
		{
			if (strcmp(json_string_value(json_object_get(message, "level")), "error") != 0)
				job_log(job, JOB_INFO, "%s", json_string_value(json_object_get(message, "text")));
		}
		json_decref(messages);
		if (value == NULL)
			job_fail_with(job, &failure);
	}
	runner_free(&result);
	return value;
}

static void
finish(Job *job, const char *id, const char *status, const char *detail)
{
	json_t *value = json_checked(json_object());

	json_object_set_new(value, "backup_id", json_text(id));
	json_object_set_new(value, "status", json_text(status));
	json_object_set_new(value, "detail", json_text(detail));
	job_done(job, value);
}
