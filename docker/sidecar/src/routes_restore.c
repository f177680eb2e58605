/*
 * routes_restore.c
 *
 * Checks what is asked about restoring, verifying, keeping and deleting, and
 * starts the job.  What is known before is refused before.
 */
#include "routes_restore.h"

#include <stdlib.h>
#include <string.h>

#include "arguments.h"
#include "barman_json.h"
#include "drill.h"
#include "instance.h"
#include "job.h"
#include "job_catalogue.h"
#include "job_restore.h"
#include "job_switch_wal.h"
#include "memory.h"
#include "options.h"
#include "routes.h"
#include "timestamp.h"

/* PostgreSQL's MAXFNAMELEN less the zero */
#define RESTORE_POINT_MAX 63

/* How far the clocks of two hosts may differ */
#define CLOCK_SKEW_US (INT64_C(60) * 1000000)

static Answer *submit_restore(Request *request, const JobKind *kind, json_t *arguments);
static bool restore_is_sound(json_t *arguments, Answer **refusal);
static bool choose_backup(Request *request, json_t *arguments, Answer **refusal);
static bool ends_by(const json_t *backup, const char *time);
static bool find_named_backup(Request *request, json_t **backup, Answer **list, Answer **refusal);
static Answer *submit_for_backup(Request *request, const JobKind *kind, json_t *arguments,
								 const json_t *backup);
static const char *text_of(const json_t *object, const char *key);
static bool refuse(Answer **refusal, const char *field, const char *must, const char *hint);

static const Argument no_arguments[] = {
	{NULL, ARGUMENT_TEXT, 0, 0, false, 0}
};

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
	{"wal_file", ARGUMENT_TEXT, 0, 0, true, 0},
	{"system_identifier", ARGUMENT_TEXT, 0, 0, true, 0},
	{NULL, ARGUMENT_TEXT, 0, 0, false, 0}
};

static const Argument drill_arguments[] = {
	{"instance", ARGUMENT_TEXT, 0, 0, true, 0},
	{"backup_id", ARGUMENT_TEXT, 0, 0, true, 0},
	{"target_lsn", ARGUMENT_TEXT, 0, 0, true, 0},
	{"timeline", ARGUMENT_INTEGER, 1, INT32_MAX, true, 0},
	{"wal_file", ARGUMENT_TEXT, 0, 0, true, 0},
	{"system_identifier", ARGUMENT_TEXT, 0, 0, true, 0},
	{"marked_at", ARGUMENT_TEXT, 0, 0, true, 0},
	{"keep", ARGUMENT_BOOL, 0, 0, false, false},
	{"database", ARGUMENT_TEXT, 0, 0, true, 0},
	{"superuser", ARGUMENT_TEXT, 0, 0, true, 0},
	{"schema", ARGUMENT_TEXT, 0, 0, true, 0},
	{"tables", ARGUMENT_LIST, 0, 0, true, 0},
	{"asserts", ARGUMENT_LIST, 0, 0, true, 0},
	{NULL, ARGUMENT_TEXT, 0, 0, false, 0}
};

Answer *
post_restore(Request *request)
{
	Answer	   *refusal = NULL;
	json_t	   *arguments;

	if (!route_server_exists(request, &refusal))
		return refusal;
	arguments = arguments_parse(request->body, request->body_length, restore_arguments, &refusal);
	if (arguments == NULL)
		return refusal;
	return submit_restore(request, &job_restore, arguments);
}

Answer *
post_drill(Request *request)
{
	Answer	   *refusal = NULL;
	json_t	   *arguments;
	const char *wrong;

	if (!route_server_exists(request, &refusal))
		return refusal;
	arguments = arguments_parse(request->body, request->body_length, drill_arguments, &refusal);
	if (arguments == NULL)
		return refusal;
	wrong = drill_arguments_are_bad(arguments);
	if (wrong != NULL)
	{
		json_decref(arguments);
		return answer_error("bad_argument", wrong, NULL, NULL);
	}
	return submit_restore(request, &job_drill, arguments);
}

/* Takes the arguments. */
static Answer *
submit_restore(Request *request, const JobKind *kind, json_t *arguments)
{
	const char *server = request->segments[SEGMENT_SERVER];
	Answer	   *refusal = NULL;
	Answer	   *answer;
	Instance   *instance = NULL;

	/* last, for it must not be done twice */
	if (restore_is_sound(arguments, &refusal) &&
		choose_backup(request, arguments, &refusal))
		instance = instance_claim(text_of(arguments, "instance"), server, &refusal);
	if (instance == NULL)
	{
		json_decref(arguments);
		return refusal;
	}
	answer = job_submit(request, kind, server, arguments);
	if (answer->status != 202)
		instance_give_back(instance);
	return answer;
}

Answer *
get_instances(Request *request)
{
	(void) request;
	return instances_list();
}

Answer *
delete_instance(Request *request)
{
	const char *name = request->segments[2];
	Answer	   *refusal = NULL;
	Answer	   *answer;
	json_t	   *arguments = arguments_parse(request->body, request->body_length,
											no_arguments, &refusal);
	Instance   *instance;

	if (arguments == NULL)
		return refusal;
	instance = instance_claim_to_drop(name, &refusal);
	if (instance == NULL)
	{
		json_decref(arguments);
		return refusal;
	}
	json_object_set_new(arguments, "instance", json_text(name));
	answer = job_submit(request, &job_drop_instance, instance_server(instance), arguments);
	if (answer->status != 202)
		instance_give_back(instance);
	return answer;
}

Answer *
post_verify(Request *request)
{
	Answer	   *refusal = NULL;
	Answer	   *answer;
	Answer	   *list;
	json_t	   *backup;
	json_t	   *arguments = arguments_parse(request->body, request->body_length,
											no_arguments, &refusal);

	if (arguments == NULL)
		return refusal;
	if (!find_named_backup(request, &backup, &list, &refusal))
	{
		json_decref(arguments);
		return refusal;
	}
	answer = submit_for_backup(request, &job_verify, arguments, backup);
	answer_release(list);
	return answer;
}

Answer *
post_keep(Request *request)
{
	Answer	   *refusal = NULL;
	Answer	   *answer;
	Answer	   *list;
	json_t	   *backup;
	json_t	   *arguments = arguments_parse(request->body, request->body_length,
											keep_arguments, &refusal);
	const char *keep = text_of(arguments, "keep");

	if (arguments == NULL)
		return refusal;
	if (keep == NULL || (strcmp(keep, "full") != 0 && strcmp(keep, "standalone") != 0 &&
						 strcmp(keep, "release") != 0))
		refuse(&refusal, "keep", "be full, standalone or release",
			   "full keeps the WAL from the backup on, standalone only what makes it consistent.");
	if (refusal != NULL || !find_named_backup(request, &backup, &list, &refusal))
	{
		json_decref(arguments);
		return refusal;
	}
	answer = submit_for_backup(request, &job_keep, arguments, backup);
	answer_release(list);
	return answer;
}

Answer *
delete_backup(Request *request)
{
	Answer	   *refusal = NULL;
	Answer	   *answer;
	Answer	   *list;
	json_t	   *backup;
	json_t	   *arguments = arguments_parse(request->body, request->body_length,
											no_arguments, &refusal);

	if (arguments == NULL)
		return refusal;
	if (!options.allow_delete)
		refusal = answer_error("forbidden", "this sidecar deletes no backups",
							   "Whoever breaks into the primary must not be able to destroy its backups.",
							   "Delete it on Barman's host, or start barman-sidecar with --allow-delete.");
	if (refusal != NULL || !find_named_backup(request, &backup, &list, &refusal))
	{
		json_decref(arguments);
		return refusal;
	}
	if (instance_is_restoring(request->segments[SEGMENT_SERVER], text_of(backup, "backup_id")))
	{
		json_decref(arguments);
		answer = answer_error("conflict", "the backup is being restored", NULL,
							  "Wait until the restore has ended.");
	}
	else
		answer = submit_for_backup(request, &job_delete, arguments, backup);
	answer_release(list);
	return answer;
}

/* Everything about a restore that can be said without asking Barman */
static bool
restore_is_sound(json_t *arguments, Answer **refusal)
{
	static const char *const targets[] = {"target_name", "target_time", "target_lsn", "target_xid"};
	const char *instance = text_of(arguments, "instance");
	const char *backup = text_of(arguments, "backup_id");
	const char *name = text_of(arguments, "target_name");
	const char *time = text_of(arguments, "target_time");
	const char *lsn = text_of(arguments, "target_lsn");
	const char *xid = text_of(arguments, "target_xid");
	const char *wal_file = text_of(arguments, "wal_file");
	int			count = json_is_true(json_object_get(arguments, "immediate"));
	int64_t		microseconds;
	uint64_t	position;

	for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++)
		count += text_of(arguments, targets[i]) != NULL;
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
	if (lsn != NULL && !restore_parse_lsn(lsn, &position))
		return refuse(refusal, "target_lsn", "be a position in the WAL", "Such as 0/3000060.");
	if (xid != NULL && (strlen(xid) > 20 || strspn(xid, "0123456789") != strlen(xid) ||
						strtoull(xid, NULL, 10) < 3))
		return refuse(refusal, "target_xid", "be a transaction's number", "It is from 3 on.");
	if (wal_file != NULL && !wal_file_name_is_valid(wal_file))
		return refuse(refusal, "wal_file", "be the name of a WAL segment", NULL);
	return true;
}

/*
 * Pin the backup down.  Of "latest" any that serves the target will do, and
 * for a time the newest that had ended by then serves best.
 */
static bool
choose_backup(Request *request, json_t *arguments, Answer **refusal)
{
	const char *asked = text_of(arguments, "backup_id");
	const char *time = text_of(arguments, "target_time");
	bool		any = asked == NULL || strcmp(asked, "latest") == 0 || strcmp(asked, "last") == 0;
	json_t	   *backup;
	json_t	   *one;
	Answer	   *list;
	size_t		i;

	if (!route_find_backup(request, any ? "latest" : asked, &backup, &list, refusal))
		return false;
	if (any && time != NULL && !ends_by(backup, time))
	{
		json_array_foreach(json_object_get(list->value, "backups"), i, one)
		{
			if (route_text_is(one, "status", "DONE") && ends_by(one, time))
			{
				backup = one;
				break;
			}
		}
	}
	if (!route_text_is(backup, "status", "DONE") && !route_text_is(backup, "status", "WAITING_FOR_WALS"))
	{
		char	   *message = mem_printf("backup \"%s\" cannot be restored: it is %s",
										 text_of(backup, "backup_id"), text_of(backup, "status"));

		*refusal = answer_error("wrong_state", message, text_of(backup, "error"),
								"Choose a backup whose status is DONE.");
		free(message);
	}
	else if (time != NULL && !ends_by(backup, time))
	{
		char	   *detail = mem_printf("Backup %s ended at %s.", text_of(backup, "backup_id"),
										text_of(backup, "end_time"));

		*refusal = answer_error("wrong_state", "the target time lies before the end of the backup",
								detail, "Choose an older backup, or a later time.");
		free(detail);
	}
	else
	{
		json_object_set(arguments, "backup_id", json_object_get(backup, "backup_id"));
		json_object_set_new(arguments, "pinned", json_boolean(!any));
	}
	answer_release(list);
	return *refusal == NULL;
}

/* What is not known does not hinder. */
static bool
ends_by(const json_t *backup, const char *time)
{
	const char *end = text_of(backup, "end_time");
	int64_t		end_us;
	int64_t		time_us;

	return end == NULL || !timestamp_parse(end, &end_us) ||
		!timestamp_parse(time, &time_us) || end_us <= time_us;
}

/* The backup that the path names */
static bool
find_named_backup(Request *request, json_t **backup, Answer **list, Answer **refusal)
{
	const char *name = request->segments[SEGMENT_NAME];

	if (!route_server_exists(request, refusal))
		return false;
	if (!barman_valid_backup_id(name))
	{
		*refusal = answer_errorf("bad_backup_id", "\"%.128s\" cannot be a backup", name);
		return false;
	}
	return route_find_backup(request, name, backup, list, refusal);
}

static Answer *
submit_for_backup(Request *request, const JobKind *kind, json_t *arguments, const json_t *backup)
{
	json_object_set(arguments, "backup_id", json_object_get(backup, "backup_id"));
	return job_submit(request, kind, request->segments[SEGMENT_SERVER], arguments);
}

static const char *
text_of(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

static bool
refuse(Answer **refusal, const char *field, const char *must, const char *hint)
{
	char	   *message = mem_printf("the field \"%s\" must %s", field, must);

	*refusal = answer_error("bad_argument", message, NULL, hint);
	free(message);
	return false;
}
