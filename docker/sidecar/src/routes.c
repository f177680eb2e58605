/*
 * routes.c
 *
 * The addresses of the interface (openapi.yaml) and what stands behind each.
 * Every name is checked here: only what Barman knows reaches its command line.
 *
 * A handler may run several times for one request: each read that has to wait
 * puts it to sleep, and it begins again when the answer is there.
 */
#include "routes.h"

#include <stdlib.h>
#include <string.h>

#include "arguments.h"
#include "backup_memory.h"
#include "barman_json.h"
#include "catalogue.h"
#include "files.h"
#include "job.h"
#include "job_backup.h"
#include "job_cron.h"
#include "job_keys.h"
#include "job_switch_wal.h"
#include "memory.h"
#include "metrics.h"
#include "options.h"
#include "reads.h"
#include "routes_restore.h"
#include "timestamp.h"

/* A long poll holds no thread, but it holds a connection. */
#define MAX_WAIT_SECONDS 60

#define MAX_TIMEOUT_SECONDS (7 * 24 * 3600)
#define MAX_SWITCH_TIMEOUT_SECONDS 3600
#define DEFAULT_SWITCH_TIMEOUT_SECONDS 60

/* What a person asks is short; a mark is of up to some 100,000 tables. */
#define BODY_MAX ((size_t) 64 * 1024)
#define DRILL_BODY_MAX ((size_t) 32 * 1024 * 1024)

#define VERSION_INCREMENTAL 31100

typedef struct Route
{
	const char *method;
	const char *segments[HTTP_SEGMENTS];	/* "*" is any one segment */
	RouteHandler handler;
} Route;

static bool leads_to(const Route *route, const Request *request);
static Answer *get_health(Request *request);
static Answer *get_metrics(Request *request);
static Answer *get_servers(Request *request);
static Answer *get_backups(Request *request);
static Answer *get_backup(Request *request);
static Answer *get_check(Request *request);
static Answer *get_status(Request *request);
static Answer *get_replication(Request *request);
static Answer *get_files(Request *request);
static Answer *get_disks(Request *request);
static Answer *get_diagnose(Request *request);
static Answer *get_jobs(Request *request);
static Answer *get_job(Request *request);
static Answer *post_cron(Request *request);
static Answer *post_switch_wal(Request *request);
static Answer *post_backup(Request *request);
static Answer *post_cancel(Request *request);
static Answer *post_cancel_key(Request *request);
static Answer *get_of_server(Request *request, ReadKind kind, const char *argument);
static Answer *get_of_directories(Request *request, ReadKind kind, const char *argument);
static json_t *cron_json(void);
static json_t *time_json(int64_t microseconds);
static bool is_backup_id(const char *name);
static bool is_shortcut(const char *name);
static bool is_full(const json_t *backup);
static bool name_is_free(Request *request, const char *name, Answer **refusal);
static bool body_is_empty(Request *request, Answer **refusal);
static bool parent_is_good(Request *request, json_t *arguments, Answer **refusal);

static const Route routes[] = {
	{"GET", {"healthz"}, get_health},
	{"GET", {"metrics"}, get_metrics},
	{"GET", {"v1", "servers"}, get_servers},
	{"GET", {"v1", "servers", "*", "backups"}, get_backups},
	{"POST", {"v1", "servers", "*", "backups"}, post_backup},
	{"GET", {"v1", "servers", "*", "backups", "*"}, get_backup},
	{"GET", {"v1", "servers", "*", "check"}, get_check},
	{"GET", {"v1", "servers", "*", "status"}, get_status},
	{"GET", {"v1", "servers", "*", "replication"}, get_replication},
	{"GET", {"v1", "servers", "*", "files", "*"}, get_files},
	{"GET", {"v1", "servers", "*", "disks"}, get_disks},
	{"POST", {"v1", "servers", "*", "switch-wal"}, post_switch_wal},
	{"POST", {"v1", "servers", "*", "backups", "*", "verify"}, post_verify},
	{"POST", {"v1", "servers", "*", "backups", "*", "keep"}, post_keep},
	{"DELETE", {"v1", "servers", "*", "backups", "*"}, delete_backup},
	{"POST", {"v1", "servers", "*", "restores"}, post_restore},
	{"POST", {"v1", "servers", "*", "restores", "check"}, post_restore_check},
	{"POST", {"v1", "servers", "*", "drills"}, post_drill},
	{"GET", {"v1", "instances"}, get_instances},
	{"DELETE", {"v1", "instances", "*"}, delete_instance},
	{"GET", {"v1", "diagnose"}, get_diagnose},
	{"POST", {"v1", "cron"}, post_cron},
	{"GET", {"v1", "jobs"}, get_jobs},
	{"GET", {"v1", "jobs", "*"}, get_job},
	{"POST", {"v1", "jobs", "*", "cancel"}, post_cancel},
	{"POST", {"v1", "keys", "*", "cancel"}, post_cancel_key},
};

static const Argument switch_wal_arguments[] = {
	{"wal_file", ARGUMENT_TEXT, 0, 0, true, 0},
	{"timeout_seconds", ARGUMENT_INTEGER, 0, MAX_SWITCH_TIMEOUT_SECONDS, false,
	DEFAULT_SWITCH_TIMEOUT_SECONDS},
	{NULL, ARGUMENT_TEXT, 0, 0, false, 0}
};

static const Argument backup_arguments[] = {
	{"incremental", ARGUMENT_TEXT, 0, 0, true, 0},
	{"name", ARGUMENT_TEXT, 0, 0, true, 0},
	{"immediate_checkpoint", ARGUMENT_BOOL, 0, 0, false, true},
	{"timeout_seconds", ARGUMENT_INTEGER, 1, MAX_TIMEOUT_SECONDS, true, 0},
	{NULL, ARGUMENT_TEXT, 0, 0, false, 0}
};

static int64_t started;

void
routes_init(void)
{
	started = monotonic_ms();
}

Answer *
routes_dispatch(Request *request)
{
	const char *method = strcmp(request->method, "HEAD") == 0 ? "GET" : request->method;
	bool		gets = false;
	bool		posts = false;
	bool		deletes = false;
	Answer	   *answer;

	for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++)
	{
		const Route *route = &routes[i];

		if (!leads_to(route, request))
			continue;
		if (strcmp(route->method, method) == 0)
		{
			answer = strcmp(method, "GET") != 0 ? job_of_request(request) : NULL;
			return answer != NULL ? answer : route->handler(request);
		}
		gets = gets || strcmp(route->method, "GET") == 0;
		posts = posts || strcmp(route->method, "POST") == 0;
		deletes = deletes || strcmp(route->method, "DELETE") == 0;
	}
	if (!gets && !posts && !deletes)
		return answer_error("not_found", "there is nothing at this address", NULL,
							"See docker/sidecar/openapi.yaml.");
	answer = answer_errorf("method_not_allowed", "this address does not take the method %.16s",
						   request->method);
	answer->allow = gets && posts ? "GET, HEAD, POST" : gets && deletes ? "GET, HEAD, DELETE" :
		gets ? "GET, HEAD" : deletes ? "DELETE" : "POST";
	return answer;
}

size_t
routes_body_max(const Request *request)
{
	for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++)
	{
		if (routes[i].handler == post_drill && leads_to(&routes[i], request) &&
			strcmp(request->method, routes[i].method) == 0)
			return DRILL_BODY_MAX;
	}
	return BODY_MAX;
}

static bool
leads_to(const Route *route, const Request *request)
{
	int			n = 0;

	while (n < request->segment_count && n < HTTP_SEGMENTS &&
		   route->segments[n] != NULL &&
		   (strcmp(route->segments[n], "*") == 0 ||
			strcmp(route->segments[n], request->segments[n]) == 0))
		n++;
	return n == request->segment_count && (n == HTTP_SEGMENTS || route->segments[n] == NULL);
}

/* Never waits: whoever asks for health has little patience. */
static Answer *
get_health(Request *request)
{
	ReadTarget	target = {READ_VERSION, "", ""};
	json_t	   *value;
	Answer	   *version;

	if (http_stopping())
		return answer_error("shutting_down", "the sidecar is shutting down", NULL, NULL);
	value = json_checked(json_object());
	json_object_set_new(value, "status", json_text("ok"));
	if (request->authorized)
	{
		version = reads_get(&target, READ_AGE_DEFAULT, NULL);
		json_object_set_new(value, "version", json_text(SIDECAR_VERSION));
		json_object_set_new(value, "barman_version", version != NULL ?
							json_text(json_string_value(json_object_get(version->value, "text"))) :
							json_null());
		json_object_set_new(value, "uptime_seconds",
							json_real((double) (monotonic_ms() - started) / 1000));
		json_object_set_new(value, "time", time_json(timestamp_now()));
		json_object_set_new(value, "cron", cron_json());
		answer_release(version);
	}
	return answer_json(200, value);
}

/* Whether WAL is archived and receivers are kept running. */
static json_t *
cron_json(void)
{
	json_t	   *value = json_checked(json_object());
	int64_t		ended;
	char	   *failure;

	cron_last_run(&ended, &failure);
	json_object_set_new(value, "interval_seconds", json_integer(options.cron_interval));
	json_object_set_new(value, "last_run", ended != 0 ? time_json(ended) : json_null());
	json_object_set_new(value, "error", json_text(failure));
	free(failure);
	return value;
}

static json_t *
time_json(int64_t microseconds)
{
	char		text[TIMESTAMP_LENGTH];

	timestamp_format(microseconds, text);
	return json_text(text);
}

static Answer *
get_metrics(Request *request)
{
	(void) request;
	return metrics_answer();
}

static Answer *
get_servers(Request *request)
{
	return http_read(request, READ_SERVERS, "", "");
}

static Answer *
get_backups(Request *request)
{
	return get_of_server(request, READ_BACKUPS, "");
}

static Answer *
get_backup(Request *request)
{
	const char *name = request->segments[SEGMENT_NAME];
	json_t	   *backup;
	Answer	   *list;
	Answer	   *refusal;
	Answer	   *answer;

	if (!route_server_exists(request, &refusal))
		return refusal;
	if (!barman_valid_backup_id(name))
		return answer_errorf("bad_backup_id", "\"%.128s\" cannot be a backup", name);
	if (is_backup_id(name) || is_shortcut(name))
		return http_read(request, READ_BACKUP, request->segments[SEGMENT_SERVER], name);
	if (!route_find_backup(request, name, &backup, &list, &refusal))
		return refusal;
	answer = http_read(request, READ_BACKUP, request->segments[SEGMENT_SERVER],
					   json_string_value(json_object_get(backup, "backup_id")));
	answer_release(list);
	return answer;
}

static Answer *
get_check(Request *request)
{
	return get_of_server(request, READ_CHECK, "");
}

static Answer *
get_status(Request *request)
{
	return get_of_server(request, READ_STATUS, "");
}

static Answer *
get_replication(Request *request)
{
	return get_of_server(request, READ_REPLICATION, "");
}

static Answer *
get_files(Request *request)
{
	const char *area = request->segments[SEGMENT_NAME];

	if (!files_area_is_valid(area))
		return answer_error("bad_area", "there is no such area", NULL,
							"Use base, wals, streaming, incoming or errors.");
	return get_of_directories(request, READ_FILES, area);
}

static Answer *
get_disks(Request *request)
{
	return get_of_directories(request, READ_DISKS, "");
}

static Answer *
get_diagnose(Request *request)
{
	return http_read(request, READ_DIAGNOSE, "", "");
}

static Answer *
get_jobs(Request *request)
{
	(void) request;
	return jobs_list();
}

static Answer *
get_job(Request *request)
{
	int64_t		after = 0;
	int64_t		wait = 0;

	if (!http_query_number(request, "after", 0, INT32_MAX, &after))
		return answer_error("bad_argument", "\"after\" must be the number of a log line", NULL, NULL);
	if (!http_query_number(request, "wait", 0, MAX_WAIT_SECONDS, &wait))
		return answer_errorf("bad_argument", "\"wait\" must be a number of seconds from 0 to %d",
							 MAX_WAIT_SECONDS);
	return job_poll(request, request->segments[2], after, wait * 1000);
}

static Answer *
post_cron(Request *request)
{
	Answer	   *refusal = NULL;
	json_t	   *arguments = arguments_parse(request->body, request->body_length,
											no_arguments, &refusal);

	if (arguments == NULL)
		return refusal;
	return job_submit(request, &job_cron, NULL, arguments);
}

static Answer *
post_switch_wal(Request *request)
{
	Answer	   *refusal = NULL;
	json_t	   *arguments;
	const char *wal_file;

	if (!route_server_exists(request, &refusal))
		return refusal;
	arguments = arguments_parse(request->body, request->body_length,
								switch_wal_arguments, &refusal);
	if (arguments == NULL)
		return refusal;
	wal_file = json_string_value(json_object_get(arguments, "wal_file"));
	if (wal_file != NULL && !wal_file_name_is_valid(wal_file))
	{
		json_decref(arguments);
		return answer_error("bad_argument", "the field \"wal_file\" must be the name of a WAL segment",
							NULL, "It has 24 hexadecimal digits, as pg_walfile_name() gives it.");
	}
	return job_submit(request, &job_switch_wal, request->segments[SEGMENT_SERVER], arguments);
}

static Answer *
post_backup(Request *request)
{
	Answer	   *refusal = NULL;
	json_t	   *arguments;
	const char *name;

	if (!route_server_exists(request, &refusal))
		return refusal;
	arguments = arguments_parse(request->body, request->body_length,
								backup_arguments, &refusal);
	if (arguments == NULL)
		return refusal;
	name = json_string_value(json_object_get(arguments, "name"));
	if (!parent_is_good(request, arguments, &refusal) ||
		(name != NULL && !name_is_free(request, name, &refusal)))
	{
		json_decref(arguments);
		return refusal;
	}
	return job_submit(request, &job_backup, request->segments[SEGMENT_SERVER], arguments);
}

static bool
body_is_empty(Request *request, Answer **refusal)
{
	json_t	   *arguments = arguments_parse(request->body, request->body_length,
											no_arguments, refusal);

	json_decref(arguments);
	return arguments != NULL;
}

static Answer *
post_cancel(Request *request)
{
	Answer	   *refusal = NULL;

	if (!body_is_empty(request, &refusal))
		return refusal;
	return job_cancel(request->segments[2]);
}

static Answer *
post_cancel_key(Request *request)
{
	Answer	   *refusal = NULL;

	if (!body_is_empty(request, &refusal))
		return refusal;
	if (!job_key_is_valid(request->segments[2]))
		return answer_error("bad_argument", "this cannot be a key", NULL,
							"It is what the header Idempotency-Key was.");
	return job_cancel_key(request->segments[2]);
}

static Answer *
get_of_server(Request *request, ReadKind kind, const char *argument)
{
	Answer	   *refusal;

	if (!route_server_exists(request, &refusal))
		return refusal;
	return http_read(request, kind, request->segments[SEGMENT_SERVER], argument);
}

/* What can be told only when it is known where the server's files are. */
static Answer *
get_of_directories(Request *request, ReadKind kind, const char *argument)
{
	Answer	   *directories;
	Answer	   *refusal;

	if (!route_server_exists(request, &refusal))
		return refusal;
	if (!catalogue_known(request->segments[SEGMENT_SERVER]))
	{
		directories = http_read(request, READ_DIRECTORIES, request->segments[SEGMENT_SERVER], "");
		if (directories == NULL || directories->status != 200)
			return directories;
		answer_release(directories);
	}
	return http_read(request, kind, request->segments[SEGMENT_SERVER], argument);
}

bool
route_server_exists(Request *request, Answer **refusal)
{
	const char *server = request->segments[SEGMENT_SERVER];
	ReadTarget	directories = {READ_DIRECTORIES, server, ""};
	Answer	   *servers;
	json_t	   *one;
	size_t		i;
	bool		found = false;

	if (!barman_valid_server_name(server))
	{
		*refusal = answer_errorf("bad_server_name", "\"%.128s\" cannot be a server", server);
		return false;
	}
	/* once it was there is enough: Barman itself refuses what is gone */
	if (!catalogue_known(server))
	{
		servers = http_read(request, READ_SERVERS, "", "");
		if (servers == NULL || servers->status != 200)
		{
			*refusal = servers;
			return false;
		}
		json_array_foreach(json_object_get(servers->value, "servers"), i, one)
			found = found || route_text_is(one, "server", server);
		answer_release(servers);
		if (!found)
		{
			*refusal = answer_errorf(BARMAN_UNKNOWN_SERVER, "Barman has no server \"%s\"", server);
			return false;
		}
	}

	/* Where its files are: nobody waits, but the cache is better for it. */
	answer_release(reads_get(&directories, READ_AGE_DEFAULT, NULL));
	return true;
}

bool
route_find_backup(Request *request, const char *name,
			json_t **backup, Answer **list, Answer **refusal)
{
	json_t	   *backups;
	json_t	   *one;
	size_t		i;
	int			found = 0;

	backups = backup_memory_list(request->segments[SEGMENT_SERVER]);
	*list = backups != NULL ? answer_json(200, json_checked(json_pack("{s:o}", "backups", backups)))
		: http_read(request, READ_BACKUPS, request->segments[SEGMENT_SERVER], "");
	if (*list == NULL || (*list)->status != 200)
	{
		*refusal = *list;
		return false;
	}
	json_array_foreach(json_object_get((*list)->value, "backups"), i, one)
	{
		bool		matches;

		if (strcmp(name, "latest") == 0 || strcmp(name, "last") == 0)
			matches = found == 0 && route_text_is(one, "status", "DONE");
		else if (strcmp(name, "latest-full") == 0 || strcmp(name, "last-full") == 0)
			matches = found == 0 && route_text_is(one, "status", "DONE") && is_full(one);
		else if (strcmp(name, "oldest") == 0 || strcmp(name, "first") == 0)
			matches = route_text_is(one, "status", "DONE");
		else
			matches = route_text_is(one, "backup_id", name) || route_text_is(one, "name", name);
		if (matches)
		{
			*backup = one;
			found++;
		}
	}
	if (found == 1 || (found > 1 && is_shortcut(name)))
		return true;
	answer_release(*list);
	if (found > 1)
		*refusal = answer_error("conflict", "several backups bear this name", NULL,
								"Use the backup's id.");
	else
		*refusal = answer_errorf(BARMAN_UNKNOWN_BACKUP, "server \"%s\" has no backup \"%s\"",
								 request->segments[SEGMENT_SERVER], name);
	return false;
}

/* YYYYMMDDTHHMMSS */
static bool
is_backup_id(const char *name)
{
	return strlen(name) == 15 && name[8] == 'T' &&
		strspn(name, "0123456789") == 8 && strspn(name + 9, "0123456789") == 6;
}

/* Barman's words that are no names */
static bool
is_shortcut(const char *name)
{
	static const char *const words[] = {
		"latest", "last", "oldest", "first", "latest-full", "last-full", "last-failed", "auto"
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
	{
		if (strcmp(name, words[i]) == 0)
			return true;
	}
	return false;
}

/* Before Barman 3.11 all are. */
static bool
is_full(const json_t *backup)
{
	return !route_text_is(backup, "type", "incremental") && !route_text_is(backup, "type", "snapshot");
}

/* Barman takes a second backup of the same name, and then finds neither. */
static bool
name_is_free(Request *request, const char *name, Answer **refusal)
{
	Answer	   *list;
	json_t	   *one;
	size_t		i;
	bool		taken = false;

	if (!barman_valid_backup_id(name) || is_backup_id(name) || is_shortcut(name))
	{
		*refusal = answer_error("bad_argument", "the field \"name\" cannot name a backup", NULL,
								"Use letters, digits, dots, dashes and underscores, but no backup id and no word of Barman's such as \"latest\".");
		return false;
	}
	list = http_read(request, READ_BACKUPS, request->segments[SEGMENT_SERVER], "");
	if (list == NULL || list->status != 200)
	{
		*refusal = list;
		return false;
	}
	json_array_foreach(json_object_get(list->value, "backups"), i, one)
		taken = taken || route_text_is(one, "name", name);
	answer_release(list);
	if (taken)
		*refusal = answer_errorf("conflict", "another backup already bears the name \"%s\"", name);
	return !taken;
}

/*
 * An incremental backup needs a Barman that can and a parent that is whole:
 * Barman itself accepts a failed one and fails later.
 */
static bool
parent_is_good(Request *request, json_t *arguments, Answer **refusal)
{
	const char *parent = json_string_value(json_object_get(arguments, "incremental"));
	Answer	   *version;
	Answer	   *list;
	json_t	   *backup;
	json_int_t	number;
	bool		failed;

	if (parent == NULL)
		return true;
	if (!barman_valid_backup_id(parent))
	{
		*refusal = answer_errorf("bad_backup_id", "\"%.128s\" cannot be a backup", parent);
		return false;
	}
	version = http_read(request, READ_VERSION, "", "");
	if (version == NULL || version->status != 200)
	{
		*refusal = version;
		return false;
	}
	number = json_integer_value(json_object_get(version->value, "number"));
	if (number < VERSION_INCREMENTAL)
	{
		char	   *detail = mem_printf("This is Barman %s.",
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
	failed = !route_text_is(backup, "status", "DONE") && !route_text_is(backup, "status", "WAITING_FOR_WALS");
	if (failed)
		*refusal = answer_errorf("wrong_state", "backup \"%s\" cannot be the parent of another: it is %s",
								 parent, json_string_value(json_object_get(backup, "status")));
	else
		json_object_set(arguments, "incremental", json_object_get(backup, "backup_id"));
	answer_release(list);
	return !failed;
}

bool
route_text_is(const json_t *object, const char *key, const char *text)
{
	const char *value = json_string_value(json_object_get(object, key));

	return value != NULL && strcmp(value, text) == 0;
}
