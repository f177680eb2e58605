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
#include "api/refuse_unauthorized.h"
#include "api/choose_backup.h"
#include "api/parse_drill_request.h"
#include "api/parse_rescue_request.h"
#include "api/parse_restore_request.h"
#include "api/path_names.h"
#include "api/waiting.h"
#include "base/memory.h"
#include "base/names.h"
#include "base/settings.h"
#include "jobs/job.h"
#include "jobs/verify_keep_delete.h"
#include "proof/drill.h"
#include "rescue/bring_home.h"
#include "restore/backup_to_instance.h"
#include "restore/instance.h"

static Instance *choose_and_claim(Request *request, RestoreRequest *restore, json_t **for_receipt,
								  Answer **refusal);
static Answer *refuse_instance(const Request *request, const RestoreRequest *restore,
							   const RestoreNeeds *needs);
static bool goes_into_receipt(json_t **for_receipt, Answer **refusal);
static Answer *submit_with_instance(Request *request, const JobKind *kind, Instance *instance,
									JobRequest asked);
static const char *read_keep(const json_t *arguments, Answer **refusal);
static char *find_named_backup(Request *request, Answer **refusal);
static bool has_no_arguments(Request *request, Answer **refusal);

static const Argument keep_arguments[] = {
	{"keep", ARGUMENT_TEXT, 0, 0, true, 0},
	{NULL, ARGUMENT_TEXT, 0, 0, false, 0},
};

Answer *
post_restore(Request *request)
{
	Answer *refusal = NULL;
	RestoreRequest *restore = route_server_exists(request, &refusal)
								  ? restore_request_read(request->value, &refusal)
								  : NULL;
	Instance *instance;

	if (restore == NULL)
		return refusal;
	instance = choose_and_claim(request, restore, NULL, &refusal);
	if (instance == NULL)
	{
		restore_request_free(restore);
		return refusal;
	}
	return submit_with_instance(request, &job_restore, instance,
								(JobRequest){restore, restore_request_free, NULL});
}

/* Would post_restore() start a job, and from which backup? */
Answer *
post_restore_check(Request *request)
{
	const char *server = request->segments[SEGMENT_SERVER];
	const RestoreNeeds nothing = {0};
	Answer *refusal = NULL;
	RestoreRequest *restore = route_server_exists(request, &refusal)
								  ? restore_request_read(request->value, &refusal)
								  : NULL;
	json_t *backup;

	if (restore == NULL)
		return refusal;
	refusal = refuse_instance(request, restore, &nothing);
	if (refusal == NULL && restore_choose(request, restore, &backup, &refusal))
	{
		RestoreNeeds needs = restore_needs(backup, &restore->target, server);

		refusal = refuse_instance(request, restore, &needs);
		if (refusal == NULL)
			refusal = answer_json(200, json_checked(json_pack("{s:{s:s, s:i, s:O, s:s?}}", "restore",
															  "backup_id", restore->backup_id,
															  "timeline", restore->target.timeline,
															  "system_identifier",
															  json_object_get(backup, "system_id"),
															  "target_lsn", restore->target.lsn)));
		json_decref(backup);
	}
	restore_request_free(restore);
	return refusal;
}

Answer *
post_drill(Request *request)
{
	Answer *refusal = NULL;
	DrillRequest *drill = route_server_exists(request, &refusal)
							  ? drill_request_read(request->value, &refusal)
							  : NULL;
	Instance *instance;

	if (drill == NULL)
		return refusal;
	instance = choose_and_claim(request, &drill->restore, &drill->refused, &refusal);
	if (instance == NULL)
	{
		drill_request_free(drill);
		return refusal;
	}
	return submit_with_instance(request, &job_drill, instance,
								(JobRequest){drill, drill_request_free, NULL});
}

Answer *
post_rescue(Request *request)
{
	Answer *refusal = NULL;
	RescueRequest *rescue = route_server_exists(request, &refusal)
								? rescue_request_read(request->value, &refusal)
								: NULL;
	Instance *instance;

	if (rescue == NULL)
		return refusal;
	instance = choose_and_claim(request, &rescue->restore, NULL, &refusal);
	if (instance == NULL)
	{
		rescue_request_free(rescue);
		return refusal;
	}
	return submit_with_instance(request, &job_rescue, instance,
								(JobRequest){rescue, rescue_request_free, NULL});
}

/*
 * Chooses the backup and claims the instance, which comes last because a route
 * runs again after each sleep.  A drill gives for_receipt: what stands in the
 * way of its restore is no refusal, but a result.
 */
static Instance *
choose_and_claim(Request *request, RestoreRequest *restore, json_t **for_receipt, Answer **refusal)
{
	const char *server = request->segments[SEGMENT_SERVER];
	const RestoreNeeds nothing = {0};
	RestoreNeeds needs = {0};
	json_t *backup = NULL;
	Instance *instance;

	if (restore_choose(request, restore, &backup, refusal))
		needs = restore_needs(backup, &restore->target, server);
	else if (!goes_into_receipt(for_receipt, refusal))
		return NULL;
	json_decref(backup);
	/* a drill reports a lack of space in its receipt, but other refusals at once */
	*refusal = refuse_instance(request, restore, &nothing);
	if (*refusal != NULL)
		return NULL;
	if (restore->refresh)
		return instance_claim_to_refresh(restore->instance, server, request->grant, &needs, refusal);
	instance = instance_claim(restore->instance, server, &needs, refusal);
	if (instance == NULL && goes_into_receipt(for_receipt, refusal))
		instance = instance_claim(restore->instance, server, &nothing, refusal);
	return instance;
}

/* Why the instance could not be claimed now, or NULL */
static Answer *
refuse_instance(const Request *request, const RestoreRequest *restore, const RestoreNeeds *needs)
{
	const char *server = request->segments[SEGMENT_SERVER];

	return restore->refresh
			   ? instance_refresh_refusal(restore->instance, server, request->grant, needs)
			   : instance_refusal(restore->instance, server, needs);
}

/* If no backup serves a drill's mark, its receipt reports that. */
static bool
goes_into_receipt(json_t **for_receipt, Answer **refusal)
{
	if (for_receipt == NULL || *refusal == NULL || (*refusal)->status != 422)
		return false;
	json_decref(*for_receipt);
	*for_receipt = json_incref(json_object_get((*refusal)->value, "error"));
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
	Answer *refusal = NULL;
	Instance *instance;
	DropRequest *asked;

	if (!has_no_arguments(request, &refusal))
		return refusal;
	instance = instance_claim_to_drop(name, request->grant, &refusal);
	if (instance == NULL)
		return refusal;
	asked = mem_alloc(sizeof(DropRequest));
	asked->instance = mem_strdup(name);
	return submit_with_instance(request, &job_drop_instance, instance,
								(JobRequest){asked, drop_request_free, NULL});
}

/* Takes what is asked for, and the claim of the instance. */
static Answer *
submit_with_instance(Request *request, const JobKind *kind, Instance *instance, JobRequest asked)
{
	JobCaller caller = route_caller(request);
	Answer *answer = job_submit(&caller, kind, instance_server(instance), asked);

	if (answer->status != 202)
		instance_give_back(instance);
	return answer;
}

Answer *
post_verify(Request *request)
{
	JobCaller caller = route_caller(request);
	Answer *refusal = NULL;
	char *id = has_no_arguments(request, &refusal) ? find_named_backup(request, &refusal) : NULL;
	VerifyRequest *asked;

	if (id == NULL)
		return refusal;
	asked = mem_alloc(sizeof(VerifyRequest));
	asked->backup_id = id;
	return job_submit(&caller, &job_verify, request->segments[SEGMENT_SERVER],
					  (JobRequest){asked, verify_request_free, id});
}

Answer *
post_keep(Request *request)
{
	JobCaller caller = route_caller(request);
	Answer *refusal = NULL;
	json_t *arguments = arguments_check(request->value, keep_arguments, &refusal);
	const char *keep = arguments != NULL ? read_keep(arguments, &refusal) : NULL;
	char *id = NULL;
	KeepRequest *asked;

	json_decref(arguments);
	if (keep == NULL)
		return refusal;
	if (strcmp(keep, "release") == 0 && request->grant->scope < SCOPE_DESTROY)
		return authorization_refuse_scope(request, SCOPE_DESTROY); /* cron may delete it */
	id = find_named_backup(request, &refusal);
	if (id == NULL)
		return refusal;
	asked = mem_alloc(sizeof(KeepRequest));
	asked->backup_id = id;
	asked->keep = keep;
	asked->may_lessen = request->grant->scope >= SCOPE_DESTROY;
	return job_submit(&caller, &job_keep, request->segments[SEGMENT_SERVER],
					  (JobRequest){asked, keep_request_free, NULL});
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
	argument_refuse(refusal, "keep", "be full, standalone or release",
					"full keeps the WAL from the backup on, standalone only what makes it consistent.");
	return NULL;
}

Answer *
delete_backup(Request *request)
{
	JobCaller caller = route_caller(request);
	const char *server = request->segments[SEGMENT_SERVER];
	Answer *refusal = NULL;
	char *id;
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
	return job_submit(&caller, &job_delete, server, (JobRequest){asked, delete_request_free, NULL});
}

/* The malloc'd id of the backup in the path; NULL: *refusal is the answer, or NULL if the request sleeps. */
static char *
find_named_backup(Request *request, Answer **refusal)
{
	const char *name = request->segments[SEGMENT_NAME];
	json_t *backup;
	Answer *list;
	char *id;

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
	json_t *arguments = arguments_check(request->value, no_arguments, refusal);

	json_decref(arguments);
	return arguments != NULL;
}
