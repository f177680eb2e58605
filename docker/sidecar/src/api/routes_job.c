/*
 * routes_job.c
 *
 * The routes of jobs, and of the actions that start one: a backup, a WAL
 * switch, cron.  Refuses what is known to fail before it starts a job.
 */
#include "api/routes_job.h"

#include <stdlib.h>
#include <string.h>

#include "api/arguments.h"
#include "api/path_names.h"
#include "api/waiting.h"
#include "barman/backup_info.h"
#include "barman/read_cache.h"
#include "base/failure.h"
#include "base/memory.h"
#include "base/names.h"
#include "http/connection.h"
#include "jobs/backup.h"
#include "jobs/cron.h"
#include "jobs/idempotency.h"
#include "jobs/job.h"
#include "jobs/switch_wal.h"

/* A long poll occupies no thread, but a connection. */
#define MAX_WAIT_SECONDS 60

#define MAX_TIMEOUT_SECONDS			   (7 * 24 * 3600)
#define MAX_SWITCH_TIMEOUT_SECONDS	   3600
#define DEFAULT_SWITCH_TIMEOUT_SECONDS 60

#define VERSION_INCREMENTAL 31100

/* Since this version with compressed backups, too */
#define VERSION_INCREMENTAL_COMPRESSED 31500

static bool name_is_free(Request *request, const char *name, Answer **refusal);
static BackupRequest *make_backup_request(Request *request, const json_t *arguments,
										  Answer **refusal);
static Answer *refuse_by_way(const char *server, const json_t *parent, json_int_t version);
static bool find_parent(Request *request, const char *parent, char **id, Answer **refusal);
static bool body_is_empty(Request *request, Answer **refusal);

static const Argument switch_wal_arguments[] = {
	{"wal_file", ARGUMENT_TEXT, 0, 0, true, 0},
	{"timeout_seconds", ARGUMENT_INTEGER, 0, MAX_SWITCH_TIMEOUT_SECONDS, false,
	 DEFAULT_SWITCH_TIMEOUT_SECONDS},
	{NULL, ARGUMENT_TEXT, 0, 0, false, 0},
};

static const Argument backup_arguments[] = {
	{"incremental", ARGUMENT_TEXT, 0, 0, true, 0},
	{"name", ARGUMENT_TEXT, 0, 0, true, 0},
	{"immediate_checkpoint", ARGUMENT_BOOL, 0, 0, false, true},
	{"timeout_seconds", ARGUMENT_INTEGER, 1, MAX_TIMEOUT_SECONDS, true, 0},
	{NULL, ARGUMENT_TEXT, 0, 0, false, 0},
};

Answer *
get_jobs(Request *request)
{
	int64_t limit = JOBS_LIST_MAX;

	if (!http_query_number(request, "limit", 1, JOBS_LIST_MAX, &limit))
		return answer_errorf("bad_argument", "\"limit\" must be a number of jobs from 1 to %d",
							 JOBS_LIST_MAX);
	return jobs_list(request->grant, limit, http_query(request, "before"));
}

Answer *
get_job(Request *request)
{
	int64_t after = 0;
	int64_t wait = 0;

	if (!http_query_number(request, "after", 0, INT32_MAX, &after))
		return answer_error("bad_argument", "\"after\" must be the number of a log line", NULL, NULL);
	if (!http_query_number(request, "wait", 0, MAX_WAIT_SECONDS, &wait))
		return answer_errorf("bad_argument", "\"wait\" must be a number of seconds from 0 to %d",
							 MAX_WAIT_SECONDS);
	/* a request that was resumed already counts as waiting */
	if (wait > 0 && !route_has_polled(request) && !http_may_wait(request))
		return answer_error("too_many_requests", "too many requests wait for jobs", NULL,
							"Ask without \"wait\", or try again later.");
	return route_poll(request, request->segments[2], after, wait * 1000);
}

Answer *
post_cron(Request *request)
{
	JobCaller caller = route_caller(request);
	Answer *refusal = NULL;
	json_t *arguments = arguments_check(request->value, no_arguments, &refusal);

	if (arguments == NULL)
		return refusal;
	json_decref(arguments);
	return job_submit(&caller, &job_cron, NULL, (JobRequest){0});
}

Answer *
post_switch_wal(Request *request)
{
	JobCaller caller = route_caller(request);
	Answer *refusal = NULL;
	json_t *arguments;
	const char *wal_file;
	SwitchWalRequest *asked;

	if (!route_server_acts(request, &refusal))
		return refusal;
	arguments = arguments_check(request->value, switch_wal_arguments, &refusal);
	if (arguments == NULL)
		return refusal;
	wal_file = json_text_of(arguments, "wal_file");
	if (wal_file != NULL && !wal_file_name_is_valid(wal_file))
	{
		json_decref(arguments);
		return answer_error("bad_argument",
							"the field \"wal_file\" must be the name of a WAL segment", NULL,
							"It has 24 hexadecimal digits, as pg_walfile_name() gives it.");
	}
	asked = mem_alloc(sizeof(SwitchWalRequest));
	asked->wal_file = mem_strdup(wal_file);
	asked->timeout_ms = json_integer_value(json_object_get(arguments, "timeout_seconds")) * 1000;
	json_decref(arguments);
	return job_submit(&caller, &job_switch_wal, request->segments[SEGMENT_SERVER],
					  (JobRequest){asked, switch_wal_request_free, NULL});
}

Answer *
post_backup(Request *request)
{
	JobCaller caller = route_caller(request);
	Answer *refusal = NULL;
	json_t *arguments;
	BackupRequest *asked;

	if (!route_server_acts(request, &refusal))
		return refusal;
	arguments = arguments_check(request->value, backup_arguments, &refusal);
	if (arguments == NULL)
		return refusal;
	asked = make_backup_request(request, arguments, &refusal);
	json_decref(arguments);
	if (asked == NULL)
		return refusal;
	return job_submit(&caller, &job_backup, request->segments[SEGMENT_SERVER],
					  (JobRequest){asked, backup_request_free, NULL});
}

/* NULL: *refusal is the answer, or NULL if the request sleeps. */
static BackupRequest *
make_backup_request(Request *request, const json_t *arguments, Answer **refusal)
{
	const char *parent = json_text_of(arguments, "incremental");
	const char *name = json_text_of(arguments, "name");
	char *parent_id = NULL;
	BackupRequest *asked;

	if ((parent != NULL && !find_parent(request, parent, &parent_id, refusal)) ||
		(name != NULL && !name_is_free(request, name, refusal)))
	{
		free(parent_id);
		return NULL;
	}
	asked = mem_alloc(sizeof(BackupRequest));
	asked->parent_id = parent_id;
	asked->name = mem_strdup(name);
	asked->immediate_checkpoint = json_is_true(json_object_get(arguments, "immediate_checkpoint"));
	asked->timeout_ms = json_integer_value(json_object_get(arguments, "timeout_seconds")) * 1000;
	return asked;
}

/* Barman accepts a second backup of the same name, and then finds neither. */
static bool
name_is_free(Request *request, const char *name, Answer **refusal)
{
	Answer *list;
	json_t *one;
	size_t i;
	bool taken = false;

	if (!barman_valid_backup_id(name) || barman_is_backup_id(name) || route_is_shortcut(name))
	{
		*refusal = answer_error("bad_argument", "the field \"name\" cannot name a backup", NULL,
								"Use letters, digits, dots, dashes and underscores, but no backup id and no word of Barman's such as \"latest\".");
		return false;
	}
	list = route_read(request, READ_BACKUPS, request->segments[SEGMENT_SERVER], "");
	if (list == NULL || list->status != 200)
	{
		*refusal = list;
		return false;
	}
	json_array_foreach (json_object_get(list->value, "backups"), i, one)
		taken = taken || json_text_is(one, "name", name);
	answer_release(list);
	if (taken)
	{
		char *message = mem_printf("another backup already bears the name \"%s\"", name);

		*refusal = answer_error("conflict", message,
								"Barman would take it, and then find neither by this name.",
								"Choose a name that poc_backups() does not show.");
		free(message);
	}
	return !taken;
}

/*
 * An incremental backup needs a Barman that supports it and a complete parent:
 * Barman itself accepts a failed parent and fails later.  *id is malloc'd.
 */
static bool
find_parent(Request *request, const char *parent, char **id, Answer **refusal)
{
	Answer *version;
	Answer *list;
	json_t *backup;
	json_int_t number;

	if (!barman_valid_backup_id(parent))
	{
		*refusal = answer_errorf("bad_backup_id", "\"%.128s\" cannot be a backup", parent);
		return false;
	}
	version = route_read(request, READ_VERSION, "", "");
	if (version == NULL || version->status != 200)
	{
		*refusal = version;
		return false;
	}
	number = json_integer_value(json_object_get(version->value, "number"));
	if (number < VERSION_INCREMENTAL)
	{
		char *detail = mem_printf("This is Barman %s.",
								  json_string_value(json_object_get(version->value, "text")));

		*refusal = answer_error(BARMAN_UNSUPPORTED, "this Barman cannot take incremental backups",
								detail, "It needs Barman 3.11 and PostgreSQL 17.");
		free(detail);
		answer_release(version);
		return false;
	}
	answer_release(version);
	if (!route_find_backup(request, parent, &backup, &list, refusal))
		return false;
	if (!json_text_is(backup, "status", "DONE") && !json_text_is(backup, "status", "WAITING_FOR_WALS"))
		*refusal = answer_errorf("wrong_state",
								 "backup \"%s\" cannot be the parent of another: it is %s", parent,
								 json_string_value(json_object_get(backup, "status")));
	else
		*refusal = refuse_by_way(request->segments[SEGMENT_SERVER], backup, number);
	if (*refusal == NULL)
		*id = mem_strdup(json_text_of(backup, "backup_id"));
	answer_release(list);
	return *refusal == NULL;
}

/* What the way in which a server is backed up rules out; NULL if nothing */
static Answer *
refuse_by_way(const char *server, const json_t *parent, json_int_t version)
{
	const char *id = json_text_of(parent, "backup_id");
	const char *type = json_text_of(parent, "type");
	json_t *record;
	const char *compression;
	Answer *refusal = NULL;
	char *message;
	char *detail;

	if (type != NULL && (strcmp(type, "rsync") == 0 || strcmp(type, "snapshot") == 0))
	{
		message = mem_printf("backup \"%s\" cannot be the parent of another", id);
		detail = mem_printf("It is of type %s, and incremental backups of blocks need backup_method = postgres.",
							type);
		refusal = answer_error(BARMAN_UNSUPPORTED, message, detail,
							   "Take a full backup: with reuse_backup = link rsync copies only the files that have changed.");
		free(detail);
		free(message);
		return refusal;
	}
	record = version < VERSION_INCREMENTAL_COMPRESSED ? backup_info_find(server, id) : NULL;
	compression = json_text_of(record, "compression");
	if (compression != NULL && strcmp(compression, "none") != 0)
	{
		message = mem_printf("backup \"%s\" cannot be the parent of another: it is compressed", id);
		detail = mem_printf("Its backup_compression is %s, and this Barman cannot take incremental backups with that.",
							compression);
		refusal = answer_error(BARMAN_UNSUPPORTED, message, detail,
							   "It needs Barman 3.15; or take a full backup without backup_compression first.");
		free(detail);
		free(message);
	}
	json_decref(record);
	return refusal;
}

Answer *
post_cancel(Request *request)
{
	Answer *refusal = NULL;

	if (!body_is_empty(request, &refusal))
		return refusal;
	return job_cancel(request->grant, request->segments[2]);
}

Answer *
post_cancel_key(Request *request)
{
	Answer *refusal = NULL;

	if (!body_is_empty(request, &refusal))
		return refusal;
	if (!job_key_is_valid(request->segments[2]))
		return answer_error("bad_argument", "this cannot be a key", NULL,
							"It is what the header Idempotency-Key was.");
	return job_cancel_key(request->grant, request->segments[2]);
}

static bool
body_is_empty(Request *request, Answer **refusal)
{
	json_t *arguments = arguments_check(request->value, no_arguments, refusal);

	json_decref(arguments);
	return arguments != NULL;
}
