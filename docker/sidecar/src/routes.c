/*
 * routes.c
 *
 * The addresses of the interface (openapi.yaml), and which of them a request
 * means.  What stands behind each is in routes_*.c.
 *
 * A handler may run several times for one request: each read that has to wait
 * puts it to sleep, and it begins again when the answer is there.
 */
#include "routes.h"

#include <string.h>

#include "job.h"
#include "job_keys.h"
#include "memory.h"
#include "routes_job.h"
#include "routes_read.h"
#include "routes_restore.h"

/* What a person asks is short; a mark is of up to some 100,000 tables. */
#define BODY_MAX ((size_t) 64 * 1024)
#define DRILL_BODY_MAX ((size_t) 32 * 1024 * 1024)

typedef struct Route
{
	const char *method;
	const char *segments[HTTP_SEGMENTS];	/* "*" is any one segment */
	RouteHandler handler;
} Route;

static const Route *find_route(const Request *request, Answer **refusal);
static Answer *keep_key(Request *request);
static bool leads_to(const Route *route, const Request *request);

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

Answer *
routes_admit(Request *request)
{
	Answer	   *refusal;
	const Route *route = find_route(request, &refusal);

	if (route == NULL)
		return refusal;
	request->body_max = route->handler == post_drill ? DRILL_BODY_MAX : BODY_MAX;
	return keep_key(request);
}

Answer *
routes_dispatch(Request *request)
{
	Answer	   *answer;
	const Route *route = find_route(request, &answer);

	if (route == NULL)
		return answer;
	answer = strcmp(route->method, "GET") != 0 ? job_of_request(request) : NULL;
	return answer != NULL ? answer : route->handler(request);
}

static const Route *
find_route(const Request *request, Answer **refusal)
{
	const char *method = strcmp(request->method, "HEAD") == 0 ? "GET" : request->method;
	bool		gets = false;
	bool		posts = false;
	bool		deletes = false;

	for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++)
	{
		const Route *route = &routes[i];

		if (!leads_to(route, request))
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
		*refusal = answer_errorf("method_not_allowed", "this address does not take the method %.16s",
								 request->method);
		(*refusal)->allow = gets && posts ? "GET, HEAD, POST" : gets && deletes ? "GET, HEAD, DELETE" :
			gets ? "GET, HEAD" : deletes ? "DELETE" : "POST";
	}
	return NULL;
}

/*
 * What a caller calls his request, to find out later what became of it.  Only
 * a good one is kept: it becomes part of a job's record.
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
	int			n = 0;

	while (n < request->segment_count && n < HTTP_SEGMENTS &&
		   route->segments[n] != NULL &&
		   (strcmp(route->segments[n], "*") == 0 ||
			strcmp(route->segments[n], request->segments[n]) == 0))
		n++;
	return n == request->segment_count && (n == HTTP_SEGMENTS || route->segments[n] == NULL);
}
