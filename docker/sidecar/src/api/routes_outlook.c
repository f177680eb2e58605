/*
 * routes_outlook.c
 *
 * What can be restored: asks for what is listed and recorded.  Starts nothing.
 */
#include "api/routes_outlook.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/arguments.h"
#include "api/choose_backup.h"
#include "api/parse_restore_request.h"
#include "api/path_names.h"
#include "api/waiting.h"
#include "barman/catalogue.h"
#include "barman/lsn.h"
#include "base/memory.h"
#include "outlook/forecast.h"
#include "outlook/restore_plan.h"
#include "outlook/wal_sources.h"

static RestoreRequest *read_request(const json_t *given, PlanRequest *plan, Answer **refusal);
static bool is_of_caller(const RestoreRequest *restore, const json_t *backup);
static Answer *read_windows(Request *request);
static Answer *read_archive(Request *request, ReadKind kind, const char *argument);

Answer *
get_windows(Request *request)
{
	Answer *refusal;

	if (!route_server_exists(request, &refusal))
		return refusal;
	return read_windows(request);
}

Answer *
get_forecast(Request *request)
{
	Answer *refusal;

	if (!route_server_exists(request, &refusal))
		return refusal;
	return forecast_of(request->segments[SEGMENT_SERVER]);
}

/* Of so many segments; few numbers are ever asked for, so that the cache serves them. */
Answer *
get_wal_sources(Request *request)
{
	const char *text = request->segments[SEGMENT_NAME];
	char number[12];
	long segments = strtol(text, NULL, 10);
	Answer *refusal;

	snprintf(number, sizeof(number), "%ld", segments);
	if (segments < 1 || segments > WAL_SOURCES_SEGMENTS_MOST || strcmp(number, text) != 0)
		return answer_error("bad_argument", "there is no such number of segments", NULL,
							"It goes from 1 to 64.");
	if (!route_server_exists(request, &refusal))
		return refusal;
	return read_archive(request, READ_WAL_SOURCES, number);
}

/* What post_restore() would do: the same request, read and chosen by the same functions */
Answer *
post_restore_plan(Request *request)
{
	PlanRequest plan = {.server = request->segments[SEGMENT_SERVER]};
	Answer *refusal = NULL;
	Answer *windows;
	RestoreRequest *restore;
	json_t *backup = NULL;
	char *asked;

	if (!route_server_exists(request, &refusal))
		return refusal;
	windows = read_windows(request);
	if (windows == NULL || windows->status != 200)
		return windows;
	restore = read_request(request->value, &plan, &refusal);
	if (restore == NULL)
	{
		answer_release(windows);
		return refusal;
	}
	asked = mem_strdup(restore->backup_id);
	plan.restore = restore;
	plan.asked_backup = asked;
	plan.windows = windows->value;
	if (restore_choose_by_target(request, restore, &backup, &refusal))
		plan.backup = backup;
	else if (refusal != NULL && refusal->status == 422)
		plan.refusal = json_object_get(refusal->value, "error");
	if (plan.backup != NULL || plan.refusal != NULL)
	{
		Answer *answer;

		if (!is_of_caller(restore, backup))
			plan.written = 0;
		answer = plan_make(&plan);
		answer_release(refusal);
		refusal = answer;
	}
	json_decref(backup);
	free(asked);
	restore_request_free(restore);
	answer_release(windows);
	return refusal;
}

/* A plan may name no instance, and the caller may tell how far it has written. */
static RestoreRequest *
read_request(const json_t *given, PlanRequest *plan, Answer **refusal)
{
	json_t *arguments = json_checked(given != NULL ? json_deep_copy(given) : json_object());
	const char *written = json_text_of(arguments, "written_lsn");
	RestoreRequest *restore = NULL;

	plan->names_instance = json_text_of(arguments, "instance") != NULL;
	if (json_is_object(arguments) && !plan->names_instance)
		json_object_set_new(arguments, "instance", json_text("plan"));
	if (written != NULL && !lsn_parse(written, &plan->written))
		argument_refuse(refusal, "written_lsn", "be a position in the WAL", "Such as 0/3000060.");
	else if (json_object_get(arguments, "refresh") != NULL)
		*refusal = answer_error("bad_argument", "unknown field \"refresh\"", NULL, NULL);
	else
	{
		json_object_del(arguments, "written_lsn");
		restore = restore_request_read(arguments, refusal);
	}
	json_decref(arguments);
	return restore;
}

/* Only the server that was backed up, on the timeline that is followed, can close a segment for it. */
static bool
is_of_caller(const RestoreRequest *restore, const json_t *backup)
{
	const char *backed_up = json_text_of(backup, "system_id");

	return backup != NULL && restore->system_identifier != NULL &&
		   (backed_up == NULL || strcmp(backed_up, restore->system_identifier) == 0) &&
		   (restore->target.timeline == 0 || restore->target.timeline == restore->timeline);
}

static Answer *
read_windows(Request *request)
{
	return read_archive(request, READ_WINDOWS, "");
}

/* Both are made of what the two reads before have brought. */
static Answer *
read_archive(Request *request, ReadKind kind, const char *argument)
{
	const char *server = request->segments[SEGMENT_SERVER];
	json_t *facts = catalogue_facts(server);
	bool is_told = json_object_get(facts, "retention_policy") != NULL;
	Answer *answer;

	json_decref(facts);
	if (!is_told)
	{
		answer = route_read(request, READ_DIRECTORIES, server, "");
		if (answer == NULL || (answer->status != 200 && !catalogue_told(server)))
			return answer;
		answer_release(answer);
	}
	answer = route_read(request, READ_BACKUPS, server, "");
	if (answer == NULL || answer->status != 200)
		return answer;
	answer_release(answer);
	return route_read(request, kind, server, argument);
}
