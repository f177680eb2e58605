/*
 * routes_read.c
 *
 * The routes that only read: the sidecar's health, and Barman's answers.
 */
#include "api/routes_read.h"

#include <stdlib.h>

#include "api/path_names.h"
#include "api/waiting.h"
#include "barman/backup_info.h"
#include "barman/catalogue.h"
#include "barman/file_areas.h"
#include "barman/read_cache.h"
#include "base/failure.h"
#include "base/memory.h"
#include "base/names.h"
#include "base/settings.h"
#include "base/timestamp.h"
#include "http/service.h"
#include "jobs/cron.h"
#include "metrics/scrape.h"
#include "page/document.h"
#include "proof/last_drill.h"

static json_t *cron_json(const TokenGrant *grant);
static bool may_be_there(const char *server, const char *id);
static json_t *time_json(int64_t microseconds);
static Answer *get_of_server(Request *request, ReadKind kind, const char *argument);
static Answer *get_of_directories(Request *request, ReadKind kind, const char *argument);

static int64_t started;

void
routes_init(void)
{
	started = monotonic_ms();
}

/* Does not wait, because health checks have short timeouts. */
Answer *
get_health(Request *request)
{
	ReadTarget target = {READ_VERSION, "", ""};
	json_t *value;
	Answer *version;

	if (http_stopping())
		return answer_error("shutting_down", "the sidecar is shutting down", NULL, NULL);
	value = json_checked(json_object());
	json_object_set_new(value, "status", json_text("ok"));
	if (request->authorized)
	{
		version = reads_get(&target, READ_AGE_DEFAULT, NULL);
		json_object_set_new(value, "version", json_text(SIDECAR_VERSION));
		json_object_set_new(value, "barman_version",
							version != NULL
								? json_text(json_string_value(json_object_get(version->value, "text")))
								: json_null());
		json_object_set_new(value, "uptime_seconds",
							json_real((double) (monotonic_ms() - started) / 1000));
		json_object_set_new(value, "time", time_json(timestamp_now()));
		json_object_set_new(value, "cron", cron_json(request->grant));
		answer_release(version);
	}
	return answer_json(200, value);
}

/* When cron last ran: it archives WAL and keeps receivers running. */
static json_t *
cron_json(const TokenGrant *grant)
{
	json_t *value = json_checked(json_object());
	int64_t ended;
	char *failure;

	cron_last_run(&ended, &failure);
	json_object_set_new(value, "interval_seconds", json_integer(settings.cron_interval));
	json_object_set_new(value, "last_run", ended != 0 ? time_json(ended) : json_null());
	/* Barman's words are of all servers */
	json_object_set_new(value, "error",
						json_text(failure == NULL || token_reaches(grant, NULL)
									  ? failure
									  : "why is told to a token of all servers"));
	free(failure);
	return value;
}

static json_t *
time_json(int64_t microseconds)
{
	char text[TIMESTAMP_LENGTH];

	timestamp_format(microseconds, text);
	return json_text(text);
}

/* The same for everybody: what it shows it asks for with a token. */
Answer *
get_page(Request *request)
{
	return document_answer(http_header(request, "If-None-Match"));
}

Answer *
get_metrics(Request *request)
{
	(void) request;
	return scrape_answer();
}

Answer *
get_servers(Request *request)
{
	Answer *all = route_read(request, READ_SERVERS, "", "");
	Answer *own;
	json_t *list;
	json_t *one;
	size_t i;

	if (all == NULL || all->status != 200 || token_reaches(request->grant, NULL))
		return all;
	list = json_checked(json_array());
	json_array_foreach (json_object_get(all->value, "servers"), i, one)
	{
		if (token_reaches(request->grant, json_string_value(json_object_get(one, "server"))))
			json_array_append(list, one);
	}
	own = answer_json(200, json_checked(json_pack("{s:o}", "servers", list)));
	answer_release(all);
	return own;
}

Answer *
get_backups(Request *request)
{
	return get_of_server(request, READ_BACKUPS, "");
}

Answer *
get_backup(Request *request)
{
	const char *name = request->segments[SEGMENT_NAME];
	json_t *backup;
	Answer *list;
	Answer *refusal;
	Answer *answer;

	if (!route_server_exists(request, &refusal))
		return refusal;
	if (!barman_valid_backup_id(name))
		return answer_errorf("bad_backup_id", "\"%.128s\" cannot be a backup", name);
	if (barman_is_backup_id(name) && !may_be_there(request->segments[SEGMENT_SERVER], name))
		return answer_errorf(BARMAN_UNKNOWN_BACKUP, "server \"%s\" has no backup \"%s\"",
							 request->segments[SEGMENT_SERVER], name);
	if (barman_is_backup_id(name) || route_is_shortcut(name))
		return route_read(request, READ_BACKUP, request->segments[SEGMENT_SERVER], name);
	if (!route_find_backup(request, name, &backup, &list, &refusal))
		return refusal;
	answer = route_read(request, READ_BACKUP, request->segments[SEGMENT_SERVER],
						json_string_value(json_object_get(backup, "backup_id")));
	answer_release(list);
	return answer;
}

/*
 * Do not run Barman for ids that a caller may invent: a hundred such runs would
 * make all others wait.
 */
static bool
may_be_there(const char *server, const char *id)
{
	json_t *ids = catalogue_known(server) ? catalogue_backup_ids(server) : NULL;
	bool there = ids == NULL || json_object_get(ids, id) != NULL || backup_info_exists(server, id);

	json_decref(ids);
	return there;
}

Answer *
get_check(Request *request)
{
	return get_of_server(request, READ_CHECK, "");
}

Answer *
get_status(Request *request)
{
	return get_of_server(request, READ_STATUS, "");
}

Answer *
get_replication(Request *request)
{
	return get_of_server(request, READ_REPLICATION, "");
}

Answer *
get_files(Request *request)
{
	const char *area = request->segments[SEGMENT_NAME];

	if (!area_is_valid(area))
		return answer_error("bad_area", "there is no such area", NULL,
							"Use base, wals, streaming, incoming or errors.");
	return get_of_directories(request, READ_FILES, area);
}

Answer *
get_disks(Request *request)
{
	return get_of_directories(request, READ_DISKS, "");
}

/* The first and the last segment of the archive, and its system identifier */
Answer *
get_archive(Request *request)
{
	const char *server = request->segments[SEGMENT_SERVER];
	Answer *answer;
	json_t *told;
	char *identifier;
	char *oldest;
	char *newest;

	if (!route_server_acts(request, &answer))
		return answer;
	answer = get_of_directories(request, READ_DIRECTORIES, "");
	if (answer == NULL || answer->status != 200)
		return answer;
	answer_release(answer);
	told = catalogue_facts(server);
	identifier = catalogue_system_id(server);
	oldest = catalogue_extreme_wal(server, false);
	newest = catalogue_extreme_wal(server, true);
	answer = answer_json(200,
						 json_checked(json_pack("{s:{s:o, s:o, s:O?, s:o}}", "archive", "oldest_wal",
												json_text(oldest), "newest_wal", json_text(newest),
												"in_recovery", json_object_get(told, "in_recovery"),
												"system_identifier", json_text(identifier))));
	json_decref(told);
	free(identifier);
	free(oldest);
	free(newest);
	return answer;
}

/*
 * Start the reads that an examination of this server needs, all at once: one
 * after the other, it would wait for each.  Does not wait for their answers.
 */
Answer *
get_ahead(Request *request)
{
	static const struct
	{
		const char *word;
		ReadKind kind;
		bool of_all;
	} ahead[] = {
		{"check", READ_CHECK, false},
		{"diagnose", READ_DIAGNOSE, true},
		{"disks", READ_DISKS, false},
	};
	const char *server = request->segments[SEGMENT_SERVER];
	json_t *words;
	Answer *refusal;

	if (!route_server_exists(request, &refusal))
		return refusal;
	words = json_checked(json_array());
	for (size_t i = 0; i < sizeof(ahead) / sizeof(ahead[0]); i++)
	{
		ReadTarget target = {ahead[i].kind, ahead[i].of_all ? "" : server, ""};
		Answer *answer;

		if (ahead[i].of_all ? !token_reaches(request->grant, NULL)
							: ahead[i].kind == READ_DISKS && !catalogue_known(server))
			continue;
		/* ignore the caller's max-age: only the cache limits how often Barman runs */
		answer = reads_get(&target, READ_AGE_DEFAULT, NULL);
		if (answer == NULL || answer->status == 200)
			json_array_append_new(words, json_text(ahead[i].word));
		answer_release(answer);
	}
	return answer_json(200, json_checked(json_pack("{s:o}", "ahead", words)));
}

/* The last drill of any database of the server */
Answer *
get_last_drill(Request *request)
{
	Answer *refusal;

	if (!route_server_exists(request, &refusal))
		return refusal;
	return answer_json(200,
					   json_checked(json_pack("{s:o}", "drill",
											  drill_record_last(request->segments[SEGMENT_SERVER]))));
}

Answer *
get_diagnose(Request *request)
{
	return route_read(request, READ_DIAGNOSE, "", "");
}

static Answer *
get_of_server(Request *request, ReadKind kind, const char *argument)
{
	Answer *refusal;

	if (!route_server_exists(request, &refusal))
		return refusal;
	return route_read(request, kind, request->segments[SEGMENT_SERVER], argument);
}

/* Reads that need the directories of the server */
static Answer *
get_of_directories(Request *request, ReadKind kind, const char *argument)
{
	Answer *directories;
	Answer *refusal;

	if (!route_server_exists(request, &refusal))
		return refusal;
	if (!catalogue_known(request->segments[SEGMENT_SERVER]))
	{
		directories = route_read(request, READ_DIRECTORIES, request->segments[SEGMENT_SERVER], "");
		if (directories == NULL ||
			(directories->status != 200 && !catalogue_told(request->segments[SEGMENT_SERVER])))
			return directories;
		answer_release(directories);
	}
	return route_read(request, kind, request->segments[SEGMENT_SERVER], argument);
}
