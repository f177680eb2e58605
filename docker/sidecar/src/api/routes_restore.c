/*
 * routes_restore.c
 *
 * Checks requests to restore, verify, keep and delete, and starts their jobs.
 * Refuses what is known to fail before it starts a job.
 */
#include "api/routes_restore.h"

#include <stdlib.h>
#include <string.h>

#include "api/arguments.h"
#include "api/authorization.h"
#include "api/restore_choice.h"
#include "api/routes_name.h"
#include "api/waiting.h"
#include "barman/lsn.h"
#include "base/memory.h"
#include "base/names.h"
#include "base/settings.h"
#include "base/timestamp.h"
#include "jobs/job.h"
#include "jobs/switch_wal.h"
#include "jobs/verify_keep_delete.h"
#include "proof/drill.h"
#include "proof/examine.h"
#include "restore/backup_to_instance.h"
#include "restore/host.h"
#include "restore/instance.h"

/* PostgreSQL's MAXFNAMELEN without the terminating zero */
#define RESTORE_POINT_MAX 63

/* The largest accepted difference between the clocks of two hosts */
#define CLOCK_SKEW_US (INT64_C(60) * 1000000)

static Answer *submit_restore(Request *request, const JobKind *kind, json_t *arguments);
static bool is_for_the_receipt(const JobKind *kind, json_t *arguments, Answer **refusal);
static Answer *refuse_assertions(const json_t *assertions);
static bool restore_is_sound(json_t *arguments, Answer **refusal);
static const char *read_keep(const json_t *arguments, Answer **refusal);
static char *find_named_backup(Request *request, Answer **refusal);
static bool has_no_arguments(Request *request, Answer **refusal);
static Answer *submit_with_instance(Request *request, const JobKind *kind, Instance *instance, JobRequest asked);
static void release_json(void *value);
static json_t *parse_for_server(Request *request, const Argument *fields, Answer **refusal);
static bool refuse(Answer **refusal, const char *field, const char *must, const char *hint);

static const Argument keep_arguments[] = {
	{"keep", ARGUMENT_TEXT, 0, 0, true, 0},
	{NULL, ARGUMENT_TEXT, 0, 0, false, 0}
};

static const Argument restore_arguments[] = {
	{"instance", ARGUMENT_TEXT, 0, 0, true, 0},
	{"backup_id", ARGUMENT_TEXT, 0, 0, true, 0},
	{"target_name", ARGUMENT_TEXT, 0, 0, true, 0},
	{"target_time", ARGUMENT_TEXT, 0, 0, true, 0},
	{"target_lsn", ARGUMENT_TEXT, 0, 0, true, 0},
	{"target_xid", ARGUMENT_TEXT, 0, 0, true, 0},
	{"immediate", ARGUMENT_BOOL, 0, 0, false, false},
	{"start", ARGUMENT_BOOL, 0, 0, false, true},
	{"mark_lsn", ARGUMENT_TEXT, 0, 0, true, 0},
	{"mark_timeline", ARGUMENT_INTEGER, 1, INT32_MAX, true, 0},
	{"target_timeline", ARGUMENT_INTEGER, 1, INT32_MAX, true, 0},
	{"timeline", ARGUMENT_INTEGER, 1, INT32_MAX, true, 0},
	{"wal_file", ARGUMENT_TEXT, 0, 0, true, 0},
	{"system_identifier", ARGUMENT_TEXT, 0, 0, true, 0},
	{"primary", ARGUMENT_OBJECT, 0, 0, true, 0},
	{NULL, ARGUMENT_TEXT, 0, 0, false, 0}
};

static const Argument drill_arguments[] = {
	{"instance", ARGUMENT_TEXT, 0, 0, true, 0},
	{"backup_id", ARGUMENT_TEXT, 0, 0, true, 0},
	{"target_lsn", ARGUMENT_TEXT, 0, 0, true, 0},
	{"target_timeline", ARGUMENT_INTEGER, 1, INT32_MAX, true, 0},
	{"wal_file", ARGUMENT_TEXT, 0, 0, true, 0},
	{"system_identifier", ARGUMENT_TEXT, 0, 0, true, 0},
	{"marked_at", ARGUMENT_TEXT, 0, 0, true, 0},
	{"keep", ARGUMENT_BOOL, 0, 0, false, false},
	{"database", ARGUMENT_TEXT, 0, 0, true, 0},
	{"superuser", ARGUMENT_TEXT, 0, 0, true, 0},
	{"superusers", ARGUMENT_LIST, 0, 0, true, 0},
	{"schema", ARGUMENT_TEXT, 0, 0, true, 0},
	{"tables", ARGUMENT_LIST, 0, 0, true, 0},
	{"sequences", ARGUMENT_LIST, 0, 0, true, 0},
	{"asserts", ARGUMENT_LIST, 0, 0, true, 0},
	{"primary", ARGUMENT_OBJECT, 0, 0, true, 0},
	{NULL, ARGUMENT_TEXT, 0, 0, false, 0}
};

Answer *
post_restore(Request *request)
{
	Answer	   *refusal = NULL;
	json_t	   *arguments = parse_for_server(request, restore_arguments, &refusal);

	return arguments != NULL ? submit_restore(request, &job_restore, arguments) : refusal;
}

/* Would post_restore() start a job, and from which backup? */
Answer *
post_restore_check(Request *request)
{
	Answer	   *refusal = NULL;
	json_t	   *arguments = parse_for_server(request, restore_arguments, &refusal);
	const RestoreNeeds nothing = {0};
	json_t	   *backup;

	if (arguments == NULL)
		return refusal;
	if (restore_is_sound(arguments, &refusal) &&
		(refusal = instance_refusal(json_text_of(arguments, "instance"), request->segments[SEGMENT_SERVER], &nothing)) == NULL &&
		restore_choose(request, arguments, &backup, &refusal))
	{
		RestoreNeeds needs = restore_needs(backup, arguments, request->segments[SEGMENT_SERVER]);

		refusal = instance_refusal(json_text_of(arguments, "instance"), request->segments[SEGMENT_SERVER], &needs);
		if (refusal == NULL)
			refusal = answer_json(200, json_checked(
			json_pack("{s:{s:O, s:O, s:O, s:O?}}", "restore",
					  "backup_id", json_object_get(arguments, "backup_id"),
					  "timeline", json_object_get(arguments, "target_timeline"),
					  "system_identifier", json_object_get(backup, "system_id"),
					  "target_lsn", json_object_get(arguments, "target_lsn"))));
		json_decref(backup);
	}
	json_decref(arguments);
	return refusal;
}

Answer *
post_drill(Request *request)
{
	Answer	   *refusal = NULL;
	json_t	   *arguments = parse_for_server(request, drill_arguments, &refusal);
	const char *wrong;

	if (arguments == NULL)
		return refusal;
	wrong = drill_arguments_are_bad(arguments);
	refusal = wrong != NULL ? answer_error("bad_argument", wrong, NULL, NULL) :
		refuse_assertions(json_object_get(arguments, "asserts"));
	if (refusal != NULL)
	{
		json_decref(arguments);
		return refusal;
	}
	return submit_restore(request, &job_drill, arguments);
}

/* Takes ownership of the arguments. */
static Answer *
submit_restore(Request *request, const JobKind *kind, json_t *arguments)
{
	const char *server = request->segments[SEGMENT_SERVER];
	Answer	   *refusal = NULL;
	Instance   *instance = NULL;
	json_t	   *backup = NULL;
	RestoreNeeds needs = {0};
	const RestoreNeeds nothing = {0};

	/* claim the instance last: this function runs again after each sleep */
	if (restore_is_sound(arguments, &refusal) &&
		(restore_choose(request, arguments, &backup, &refusal) ||
		 is_for_the_receipt(kind, arguments, &refusal)))
	{
		const char *name = json_text_of(arguments, "instance");

		if (backup != NULL)
			needs = restore_needs(backup, arguments, server);
		/* a drill reports a lack of space in its receipt, but other refusals at once */
		refusal = instance_refusal(name, server, &nothing);
		if (refusal == NULL)
			instance = instance_claim(name, server, &needs, &refusal);
		if (instance == NULL && is_for_the_receipt(kind, arguments, &refusal))
			instance = instance_claim(name, server, &nothing, &refusal);
	}
	json_decref(backup);
	if (instance == NULL)
	{
		json_decref(arguments);
		return refusal;
	}
	return submit_with_instance(request, kind, instance, (JobRequest) {arguments, release_json, NULL});
}

static void
release_json(void *value)
{
	json_decref(value);
}

/* NULL unless there are too many, or they are too large.  Each is text. */
static Answer *
refuse_assertions(const json_t *assertions)
{
	size_t		count = json_array_size(assertions);
	size_t		bytes = 0;
	const json_t *one;
	size_t		i;
	char	   *message;
	char	   *detail;
	Answer	   *refusal = NULL;

	json_array_foreach(assertions, i, one)
		bytes += json_string_length(one);
	if (count > (size_t) settings.max_assertions || bytes > (size_t) settings.max_assertion_bytes)
	{
		message = mem_printf("%zu assertions of %zu bytes are more than a drill takes", count, bytes);
		detail = mem_printf("At most %d, of at most %d bytes together.",
							settings.max_assertions, settings.max_assertion_bytes);
		refusal = answer_error("too_large", message, detail,
							   "Ask for less, call functions of the database, or start barman-sidecar with larger --max-assertions and --max-assertion-bytes.");
		free(message);
		free(detail);
	}
	return refusal;
}

/* If no backup serves a drill's mark, its receipt reports that. */
static bool
is_for_the_receipt(const JobKind *kind, json_t *arguments, Answer **refusal)
{
	if (kind != &job_drill || *refusal == NULL || (*refusal)->status != 422)
		return false;
	json_object_set(arguments, "refused", json_object_get((*refusal)->value, "error"));
	answer_release(*refusal);
	*refusal = NULL;
	return true;
}

Answer *
get_instances(Request *request)
{
	return instances_list(request->grant);
}

Answer *
delete_instance(Request *request)
{
	const char *name = request->segments[2];
	Answer	   *refusal = NULL;
	Instance   *instance;
	DropRequest *asked;

	if (!has_no_arguments(request, &refusal))
		return refusal;
	instance = instance_claim_to_drop(name, request->grant, &refusal);
	if (instance == NULL)
		return refusal;
	asked = mem_alloc(sizeof(DropRequest));
	asked->instance = mem_strdup(name);
	return submit_with_instance(request, &job_drop_instance, instance, (JobRequest) {asked, drop_request_free, NULL});
}

/* Takes what is asked for, and the claim of the instance. */
static Answer *
submit_with_instance(Request *request, const JobKind *kind, Instance *instance, JobRequest asked)
{
	JobCaller	caller = route_caller(request);
	Answer	   *answer = job_submit(&caller, kind, instance_server(instance), asked);

	if (answer->status != 202)
		instance_give_back(instance);
	return answer;
}

Answer *
post_verify(Request *request)
{
	JobCaller	caller = route_caller(request);
	Answer	   *refusal = NULL;
	char	   *id = has_no_arguments(request, &refusal) ? find_named_backup(request, &refusal) : NULL;
	VerifyRequest *asked;

	if (id == NULL)
		return refusal;
	asked = mem_alloc(sizeof(VerifyRequest));
	asked->backup_id = id;
	return job_submit(&caller, &job_verify, request->segments[SEGMENT_SERVER],
					  (JobRequest) {asked, verify_request_free, id});
}

Answer *
post_keep(Request *request)
{
	JobCaller	caller = route_caller(request);
	Answer	   *refusal = NULL;
	json_t	   *arguments = arguments_check(request->value, keep_arguments, &refusal);
	const char *keep = arguments != NULL ? read_keep(arguments, &refusal) : NULL;
	char	   *id = NULL;
	KeepRequest *asked;

	json_decref(arguments);
	if (keep == NULL)
		return refusal;
	if (strcmp(keep, "release") == 0 && request->grant->scope < SCOPE_DESTROY)
		return authorization_refuse_scope(request, SCOPE_DESTROY);	/* cron may delete it */
	id = find_named_backup(request, &refusal);
	if (id == NULL)
		return refusal;
	asked = mem_alloc(sizeof(KeepRequest));
	asked->backup_id = id;
	asked->keep = keep;
	asked->may_lessen = request->grant->scope >= SCOPE_DESTROY;
	return job_submit(&caller, &job_keep, request->segments[SEGMENT_SERVER],
					  (JobRequest) {asked, keep_request_free, NULL});
}

/* A static text; NULL: it is none of them. */
static const char *
read_keep(const json_t *arguments, Answer **refusal)
{
	static const char *const keeps[] = {"full", "standalone", "release"};
	const char *keep = json_text_of(arguments, "keep");

	for (size_t i = 0; keep != NULL && i < sizeof(keeps) / sizeof(keeps[0]); i++)
	{
		if (strcmp(keep, keeps[i]) == 0)
			return keeps[i];
	}
	refuse(refusal, "keep", "be full, standalone or release",
		   "full keeps the WAL from the backup on, standalone only what makes it consistent.");
	return NULL;
}

Answer *
delete_backup(Request *request)
{
	JobCaller	caller = route_caller(request);
	const char *server = request->segments[SEGMENT_SERVER];
	Answer	   *refusal = NULL;
	char	   *id;
	DeleteRequest *asked;

	if (!has_no_arguments(request, &refusal))
		return refusal;
	if (!settings.allow_delete)
		return answer_error("forbidden", "this sidecar deletes no backups",
							"Whoever breaks into the primary must not be able to destroy its backups.",
							"Delete it on Barman's host, or start barman-sidecar with --allow-delete.");
	id = find_named_backup(request, &refusal);
	if (id == NULL)
		return refusal;
	if (instance_is_restoring(server, id))
	{
		free(id);
		return answer_error("conflict", "the backup is being restored", NULL,
							"Wait until the restore has ended.");
	}
	asked = mem_alloc(sizeof(DeleteRequest));
	asked->backup_id = id;
	return job_submit(&caller, &job_delete, server, (JobRequest) {asked, delete_request_free, NULL});
}

/* Checks everything about a restore that needs no answer of Barman's. */
static bool
restore_is_sound(json_t *arguments, Answer **refusal)
{
	static const char *const targets[] = {"target_name", "target_time", "target_lsn", "target_xid"};
	const char *instance = json_text_of(arguments, "instance");
	const char *backup = json_text_of(arguments, "backup_id");
	const char *name = json_text_of(arguments, "target_name");
	const char *time = json_text_of(arguments, "target_time");
	const char *lsn = json_text_of(arguments, "target_lsn");
	const char *xid = json_text_of(arguments, "target_xid");
	const char *mark = json_text_of(arguments, "mark_lsn");
	const char *wal_file = json_text_of(arguments, "wal_file");
	const char *wrong = restore_primary_is_bad(json_object_get(arguments, "primary"));
	int			count = json_is_true(json_object_get(arguments, "immediate"));
	int64_t		microseconds;
	uint64_t	position;

	if (wrong != NULL)
	{
		*refusal = answer_error("bad_argument", wrong, NULL, NULL);
		return false;
	}
	for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++)
		count += json_text_of(arguments, targets[i]) != NULL;
	if (count > 1)
	{
		*refusal = answer_error("bad_argument", "there is more than one recovery target", NULL,
								"Give one of target_name, target_time, target_lsn, target_xid and immediate, or none.");
		return false;
	}
	if (instance == NULL || !instance_name_is_valid(instance))
		return refuse(refusal, "instance", "name the instance",
					  "A name begins with a lower-case letter, goes on with such letters, digits and underscores, and has at most 41.");
	if (backup != NULL && (!barman_valid_backup_id(backup) ||
						   strcmp(backup, "auto") == 0 || strcmp(backup, "last-failed") == 0))
	{
		*refusal = answer_errorf("bad_backup_id", "\"%.128s\" cannot be a backup to restore", backup);
		return false;
	}
	if (name != NULL)
	{
		size_t		length = strlen(name);

		for (size_t i = 0; i < length; i++)
		{
			if ((unsigned char) name[i] < ' ' || name[i] == 127)
				length = 0;
		}
		if (length == 0 || length > RESTORE_POINT_MAX)
			return refuse(refusal, "target_name", "name a restore point",
						  "It is what pg_create_restore_point() was given, at most 63 bytes.");
	}
	if (time != NULL && !timestamp_parse(time, &microseconds))
		return refuse(refusal, "target_time", "be a time", "Such as 2026-11-22T06:10:22.423819Z.");
	if (time != NULL && microseconds > timestamp_now() + CLOCK_SKEW_US)
	{
		*refusal = answer_errorf("bad_argument", "the target time %s lies in the future", time);
		return false;
	}
	if (lsn != NULL && !lsn_parse(lsn, &position))
		return refuse(refusal, "target_lsn", "be a position in the WAL", "Such as 0/3000060.");
	if (mark != NULL && !lsn_parse(mark, &position))
		return refuse(refusal, "mark_lsn", "be a position in the WAL", "Such as 0/3000060.");
	if (xid != NULL && (strlen(xid) > 20 || strspn(xid, "0123456789") != strlen(xid) ||
						strtoull(xid, NULL, 10) < 3))
		return refuse(refusal, "target_xid", "be a transaction's number", "It is from 3 on.");
	if (wal_file != NULL && !wal_file_name_is_valid(wal_file))
		return refuse(refusal, "wal_file", "be the name of a WAL segment", NULL);
	return true;
}

/* The malloc'd id of the backup in the path; NULL: *refusal is the answer, or NULL if the request sleeps. */
static char *
find_named_backup(Request *request, Answer **refusal)
{
	const char *name = request->segments[SEGMENT_NAME];
	json_t	   *backup;
	Answer	   *list;
	char	   *id;

	if (!route_server_exists(request, refusal))
		return NULL;
	if (!barman_valid_backup_id(name))
	{
		*refusal = answer_errorf("bad_backup_id", "\"%.128s\" cannot be a backup", name);
		return NULL;
	}
	if (!route_find_backup(request, name, &backup, &list, refusal))
		return NULL;
	id = mem_strdup(json_text_of(backup, "backup_id"));
	answer_release(list);
	return id;
}

static bool
has_no_arguments(Request *request, Answer **refusal)
{
	json_t	   *arguments = arguments_check(request->value, no_arguments, refusal);

	json_decref(arguments);
	return arguments != NULL;
}

/* NULL as in route_server_exists(), or because the arguments are invalid. */
static json_t *
parse_for_server(Request *request, const Argument *fields, Answer **refusal)
{
	if (!route_server_exists(request, refusal))
		return NULL;
	return arguments_check(request->value, fields, refusal);
}

static bool
refuse(Answer **refusal, const char *field, const char *must, const char *hint)
{
	char	   *message = mem_printf("the field \"%s\" must %s", field, must);

	*refusal = answer_error("bad_argument", message, NULL, hint);
	free(message);
	return false;
}
