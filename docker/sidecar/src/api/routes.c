/*
 * routes.c
 *
 * The routes of the interface (openapi.yaml), and the route of a request.  The
 * handlers are in routes_*.c.
 *
 * A handler may run several times for one request: each read that it waits for
 * suspends the request, and the handler starts again when the answer is there.
 */
#include "api/routes.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "api/arguments.h"
#include "api/refuse_unauthorized.h"
#include "api/path_names.h"
#include "api/routes_job.h"
#include "api/routes_mark.h"
#include "api/routes_outlook.h"
#include "api/routes_read.h"
#include "api/routes_receipt.h"
#include "api/routes_rescue.h"
#include "api/routes_restore.h"
#include "api/waiting.h"
#include "base/memory.h"
#include "base/settings.h"
#include "jobs/idempotency.h"
#include "jobs/job.h"

/* Most bodies are short; one that lists tables may contain 100,000 of them. */
#define BODY_MAX		  ((size_t) 64 * 1024)
#define TABLES_BODY_MAX	  ((size_t) 32 * 1024 * 1024)
#define TABLES_MAX_VALUES ((size_t) 500000)

/* The text of a receipt is one value, with escapes */
#define RECEIPT_BODY_MAX ((size_t) 2 * 1024 * 1024)

/* The servers that a route concerns, and what checks that the token reaches them */
typedef enum RouteReach
{
	OF_NOTHING, /* invalid for a route */
	OF_ANYBODY,
	OF_ONE_SERVER,	/* the third segment; the token must reach it */
	OF_ALL_SERVERS, /* only for tokens that reach all servers */
	OF_OWN_SERVERS	/* its handler omits servers that the token does not reach */
} RouteReach;

/* Each new route needs a scope and a reach: tests/test_scopes.c */
typedef struct Route
{
	const char *method;
	const char *segments[HTTP_SEGMENTS]; /* "*" is any one segment */
	TokenScope scope;
	RouteReach reach;
	RouteHandler handler;
} Route;

static const Route *find_route(const Request *request, Answer **refusal);
static Answer *admit_open(const Route *route, Answer *refusal);
static Answer *refuse_grant(const Request *request, const Route *route);
static Answer *keep_key(Request *request);
static bool leads_to(const Route *route, const Request *request);
static const char *label_of(const Route *route);
static void make_labels(void);

static const Route routes[] = {
	{"GET", {""}, SCOPE_NONE, OF_ANYBODY, get_page},
	{"GET", {"healthz"}, SCOPE_NONE, OF_ANYBODY, get_health},
	{"GET", {"metrics"}, SCOPE_READ, OF_ALL_SERVERS, get_metrics},
	{"GET", {"v1", "servers"}, SCOPE_READ, OF_OWN_SERVERS, get_servers},
	{"GET", {"v1", "servers", "*", "backups"}, SCOPE_READ, OF_ONE_SERVER, get_backups},
	{"POST", {"v1", "servers", "*", "backups"}, SCOPE_OPERATE, OF_ONE_SERVER, post_backup},
	{"GET", {"v1", "servers", "*", "backups", "*"}, SCOPE_READ, OF_ONE_SERVER, get_backup},
	{"GET", {"v1", "servers", "*", "check"}, SCOPE_READ, OF_ONE_SERVER, get_check},
	{"GET", {"v1", "servers", "*", "ahead"}, SCOPE_READ, OF_ONE_SERVER, get_ahead},
	{"GET", {"v1", "servers", "*", "status"}, SCOPE_READ, OF_ONE_SERVER, get_status},
	{"GET", {"v1", "servers", "*", "replication"}, SCOPE_READ, OF_ONE_SERVER, get_replication},
	{"GET", {"v1", "servers", "*", "files", "*"}, SCOPE_READ, OF_ONE_SERVER, get_files},
	{"GET", {"v1", "servers", "*", "disks"}, SCOPE_READ, OF_ONE_SERVER, get_disks},
	{"GET", {"v1", "servers", "*", "archive"}, SCOPE_READ, OF_ONE_SERVER, get_archive},
	{"GET", {"v1", "servers", "*", "windows"}, SCOPE_READ, OF_ONE_SERVER, get_windows},
	{"GET", {"v1", "servers", "*", "forecast"}, SCOPE_READ, OF_ONE_SERVER, get_forecast},
	{"GET", {"v1", "servers", "*", "wal-sources", "*"}, SCOPE_READ, OF_ONE_SERVER, get_wal_sources},
	{"POST", {"v1", "servers", "*", "switch-wal"}, SCOPE_OPERATE, OF_ONE_SERVER, post_switch_wal},
	{"POST", {"v1", "servers", "*", "backups", "*", "verify"}, SCOPE_OPERATE, OF_ONE_SERVER, post_verify},
	{"POST", {"v1", "servers", "*", "backups", "*", "keep"}, SCOPE_OPERATE, OF_ONE_SERVER, post_keep},
	{"DELETE", {"v1", "servers", "*", "backups", "*"}, SCOPE_DESTROY, OF_ONE_SERVER, delete_backup},
	{"POST", {"v1", "servers", "*", "restores"}, SCOPE_OPERATE, OF_ONE_SERVER, post_restore},
	{"POST", {"v1", "servers", "*", "restores", "check"}, SCOPE_READ, OF_ONE_SERVER, post_restore_check},
	{"POST", {"v1", "servers", "*", "restores", "plan"}, SCOPE_READ, OF_ONE_SERVER, post_restore_plan},
	{"GET", {"v1", "servers", "*", "drills", "last"}, SCOPE_READ, OF_ONE_SERVER, get_last_drill},
	{"POST", {"v1", "servers", "*", "drills"}, SCOPE_OPERATE, OF_ONE_SERVER, post_drill},
	{"GET", {"v1", "servers", "*", "marks"}, SCOPE_READ, OF_ONE_SERVER, get_marks},
	{"POST", {"v1", "servers", "*", "marks"}, SCOPE_OPERATE, OF_ONE_SERVER, post_mark},
	{"GET", {"v1", "servers", "*", "marks", "*"}, SCOPE_OPERATE, OF_ONE_SERVER, get_mark},
	{"POST", {"v1", "servers", "*", "changes"}, SCOPE_OPERATE, OF_ONE_SERVER, post_changes},
	{"POST", {"v1", "servers", "*", "rescues"}, SCOPE_OPERATE, OF_ONE_SERVER, post_rescue},
	{"GET", {"v1", "servers", "*", "receipts", "*"}, SCOPE_OPERATE, OF_ONE_SERVER, get_receipts},
	{"POST", {"v1", "servers", "*", "receipts"}, SCOPE_OPERATE, OF_ONE_SERVER, post_receipt},
	{"GET", {"v1", "instances"}, SCOPE_READ, OF_OWN_SERVERS, get_instances},
	{"DELETE", {"v1", "instances", "*"}, SCOPE_OPERATE, OF_OWN_SERVERS, delete_instance},
	{"GET", {"v1", "diagnose"}, SCOPE_READ, OF_ALL_SERVERS, get_diagnose},
	{"POST", {"v1", "cron"}, SCOPE_OPERATE, OF_ALL_SERVERS, post_cron},
	{"GET", {"v1", "jobs"}, SCOPE_READ, OF_OWN_SERVERS, get_jobs},
	{"GET", {"v1", "jobs", "*"}, SCOPE_READ, OF_OWN_SERVERS, get_job},
	{"GET", {"v1", "jobs", "*", "definitions"}, SCOPE_OPERATE, OF_OWN_SERVERS, get_definitions},
	{"POST", {"v1", "jobs", "*", "rows"}, SCOPE_OPERATE, OF_OWN_SERVERS, post_rows},
	{"POST", {"v1", "jobs", "*", "cancel"}, SCOPE_OPERATE, OF_OWN_SERVERS, post_cancel},
	{"POST", {"v1", "keys", "*", "cancel"}, SCOPE_OPERATE, OF_OWN_SERVERS, post_cancel_key},
};

#define ROUTES (sizeof(routes) / sizeof(routes[0]))

/* The longest method and segments, for the metrics */
#define LABEL_SIZE 80

static char labels[ROUTES][LABEL_SIZE];
static pthread_once_t labels_made = PTHREAD_ONCE_INIT;

Answer *
routes_admit(Request *request)
{
	Answer *refusal;
	const Route *route = find_route(request, &refusal);
	Answer *unknown;

	request->route = route != NULL ? label_of(route) : NULL;
	if (request->open)
		return admit_open(route, refusal);
	unknown = authorization_refuse_caller(request, route != NULL ? route->scope : SCOPE_READ);

	/* do not reveal to unauthorized callers which paths exist */
	if (unknown != NULL || route == NULL)
	{
		if (unknown != NULL && route == NULL)
			answer_release(refusal);
		return unknown != NULL ? unknown : refusal;
	}
	if (request->grant != NULL && (refusal = refuse_grant(request, route)) != NULL)
		return refusal;
	/* a GET takes no body, and must not wait for the bodies of others */
	request->apart = strcmp(route->method, "GET") != 0;
	if (request->apart)
	{
		bool lists_tables = route->handler == post_drill || route->handler == post_mark ||
							route->handler == post_changes || route->handler == post_rescue;

		request->body_max = lists_tables					 ? TABLES_BODY_MAX
							: route->handler == post_receipt ? RECEIPT_BODY_MAX
															 : BODY_MAX;
		request->values_max = lists_tables ? TABLES_MAX_VALUES : ARGUMENTS_MAX_VALUES;
	}
	return keep_key(request);
}

/* The open listener has the metrics alone, and reveals nothing else. */
static Answer *
admit_open(const Route *route, Answer *refusal)
{
	if (route != NULL && route->handler == get_metrics)
		return NULL;
	if (route == NULL)
		answer_release(refusal);
	return answer_error("not_found", "there is nothing at this address", NULL,
						"The listener of --metrics-listen has /metrics alone.");
}

Answer *
routes_dispatch(Request *request)
{
	Answer *answer;
	const Route *route = find_route(request, &answer);

	if (route == NULL)
		return answer;
	if (strcmp(route->method, "GET") != 0)
	{
		JobCaller caller = route_caller(request);

		answer = job_of_request(&caller);
		if (answer != NULL)
			return answer;
	}
	return route->handler(request);
}

static const Route *
find_route(const Request *request, Answer **refusal)
{
	const char *method = strcmp(request->method, "HEAD") == 0 ? "GET" : request->method;
	bool gets = false;
	bool posts = false;
	bool deletes = false;

	for (size_t i = 0; i < ROUTES; i++)
	{
		const Route *route = &routes[i];

		if (!leads_to(route, request) || (route->handler == get_page && settings.no_page))
			continue;
		if (strcmp(route->method, method) == 0)
			return route;
		gets = gets || strcmp(route->method, "GET") == 0;
		posts = posts || strcmp(route->method, "POST") == 0;
		deletes = deletes || strcmp(route->method, "DELETE") == 0;
	}
	if (!gets && !posts && !deletes)
		*refusal = answer_error("not_found", "there is nothing at this address", NULL,
								"See docker/sidecar/openapi.yaml.");
	else
	{
		*refusal = answer_errorf("method_not_allowed",
								 "this address does not take the method %.16s", request->method);
		(*refusal)->allow = gets && posts	  ? "GET, HEAD, POST"
							: gets && deletes ? "GET, HEAD, DELETE"
							: gets			  ? "GET, HEAD"
							: deletes		  ? "DELETE"
											  : "POST";
	}
	return NULL;
}

/* Refuses what the token does not permit. */
static Answer *
refuse_grant(const Request *request, const Route *route)
{
	if (request->grant->scope < route->scope)
		return authorization_refuse_scope(request, route->scope);
	if (route->reach == OF_ALL_SERVERS && !token_reaches(request->grant, NULL))
		return answer_error("forbidden", "this concerns all servers, and the token is for some alone",
							NULL, "Use a token that is not limited to servers.");
	/* a server that the token does not reach appears not to exist */
	if (route->reach == OF_ONE_SERVER &&
		!token_reaches(request->grant, request->segments[SEGMENT_SERVER]))
		return answer_errorf(BARMAN_UNKNOWN_SERVER, "Barman has no server \"%.128s\"",
							 request->segments[SEGMENT_SERVER]);
	return NULL;
}

bool
routes_describe(size_t n, RouteDescription *description)
{
	if (n >= ROUTES)
		return false;
	description->method = routes[n].method;
	description->segments = routes[n].segments;
	description->scope = routes[n].scope;
	description->has_reach = routes[n].reach != OF_NOTHING;
	description->of_one_server = routes[n].reach == OF_ONE_SERVER;
	description->of_all_servers = routes[n].reach == OF_ALL_SERVERS;
	return true;
}

/*
 * The caller's idempotency key, with which it can find the job later.  Keep
 * only a valid one: it becomes part of the job's record.
 */
static Answer *
keep_key(Request *request)
{
	const char *key = http_header(request, "Idempotency-Key");

	if (key == NULL)
		return NULL;
	if (!job_key_is_valid(key))
		return answer_error("bad_argument", "the header Idempotency-Key is malformed",
							"It has 16 to 64 letters, digits, hyphens and underscores.",
							"Send one that nobody guesses, such as a random UUID.");
	request->key = mem_strdup(key);
	return NULL;
}

static bool
leads_to(const Route *route, const Request *request)
{
	int n = 0;

	while (n < request->segment_count && n < HTTP_SEGMENTS && route->segments[n] != NULL &&
		   (strcmp(route->segments[n], "*") == 0 ||
			strcmp(route->segments[n], request->segments[n]) == 0))
		n++;
	return n == request->segment_count && (n == HTTP_SEGMENTS || route->segments[n] == NULL);
}

/* As in "GET /v1/servers": its method and segments, with a star for any one */
static const char *
label_of(const Route *route)
{
	pthread_once(&labels_made, make_labels);
	return labels[route - routes];
}

static void
make_labels(void)
{
	for (size_t i = 0; i < ROUTES; i++)
	{
		int length = snprintf(labels[i], LABEL_SIZE, "%s ", routes[i].method);

		for (int n = 0; n < HTTP_SEGMENTS && routes[i].segments[n] != NULL; n++)
			length += snprintf(labels[i] + length, LABEL_SIZE - (size_t) length, "/%s",
							   routes[i].segments[n]);
	}
}
