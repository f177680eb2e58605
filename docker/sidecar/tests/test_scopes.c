/*
 * test_scopes.c
 *
 * The matrix of permissions: every route of the table, by callers of every
 * scope and of another server.  The requests go to the program itself.
 */
#include "api/routes.h"
#include "sidecar_fixture.h"

static const struct
{
	const char *token; /* NULL: none is sent */
	const char *file;
	const char *option;
	TokenScope scope;
	bool all_servers;
} callers[] = {
	{NULL, NULL, NULL, SCOPE_NONE, false},
	{"a-wrong-one", NULL, NULL, SCOPE_UNSET, false},
	{"the-reader", "reader", "read=", SCOPE_READ, true},
	{TOKEN, NULL, NULL, SCOPE_OPERATE, true},
	{"the-destroyer", "destroyer", "destroy=", SCOPE_DESTROY, true},
	{"the-others-reader", "others-reader", "read:other=", SCOPE_READ, false},
	{"the-others-operator", "others-operator", "operate:other=", SCOPE_OPERATE, false},
	{"the-others-destroyer", "others-destroyer", "destroy:other=", SCOPE_DESTROY, false},
};

#define CALLERS (sizeof(callers) / sizeof(callers[0]))

static void
start_with_all_tokens(const char *more)
{
	const char *extra[CALLERS + 4] = {"--allow-delete"};
	char text[CALLERS][256];
	int n = 1;

	for (size_t i = 0; i < CALLERS; i++)
	{
		if (callers[i].option == NULL)
			continue;
		write_file(callers[i].file, callers[i].token);
		chmod(path_of(callers[i].file), 0600);
		snprintf(text[i], sizeof(text[i]), "--token-file=%s%s", callers[i].option,
				 path_of(callers[i].file));
		extra[n++] = text[i];
	}
	if (more != NULL)
		extra[n++] = more;
	start_with(extra);
}

/* What the address of the route is for server pg; the job or instance is none. */
static char *
address_of(const RouteDescription *route)
{
	char *path = mem_strdup("");

	for (int i = 0; i < HTTP_SEGMENTS && route->segments[i] != NULL; i++)
	{
		const char *segment = route->segments[i];
		char *longer;

		if (strcmp(segment, "*") == 0)
			segment = i == 2 && route->of_one_server					  ? "pg"
					  : i == 2 && strcmp(route->segments[1], "keys") == 0 ? "0123456789abcdef0"
					  : strcmp(route->segments[i - 1], "files") == 0	  ? "base"
																		  : "20000101T000000";
		longer = mem_printf("%s/%s", path, segment);
		free(path);
		path = longer;
	}
	return path;
}

static void
every_route_has_a_scope_and_a_reach(void **state)
{
	RouteDescription route;
	size_t n = 0;

	(void) state;
	for (; routes_describe(n, &route); n++)
	{
		assert_true(route.scope > SCOPE_UNSET && route.scope <= SCOPE_DESTROY);
		assert_true(route.has_reach);
		/* what only tells needs no more than a reader's, what acts no less than an operator's; so does what a backup holds */
		if (route.segments[3] != NULL &&
			(strcmp(route.segments[3], "definitions") == 0 ||
			 strcmp(route.segments[3], "receipts") == 0 ||
			 (strcmp(route.segments[3], "marks") == 0 && route.segments[4] != NULL)))
			assert_int_equal(route.scope, SCOPE_OPERATE);
		else if (strcmp(route.method, "GET") == 0)
			assert_true(route.scope <= SCOPE_READ);
		else if (strcmp(route.segments[HTTP_SEGMENTS - 1] != NULL ? "" : route.method, "DELETE") == 0 &&
				 route.of_one_server)
			assert_int_equal(route.scope, SCOPE_DESTROY);
		/* who names a server is asked whether he may see it */
		if (route.segments[1] != NULL && strcmp(route.segments[1], "servers") == 0 &&
			route.segments[2] != NULL)
			assert_true(route.of_one_server);
	}
	assert_true(n >= 26);
}

static void
every_route_by_every_caller(void **state)
{
	RouteDescription route;

	(void) state;
	start_with_all_tokens(NULL);
	for (size_t n = 0; routes_describe(n, &route); n++)
	{
		char *path = address_of(&route);

		for (size_t i = 0; i < CALLERS; i++)
		{
			Response response = request_as(callers[i].token, route.method, path,
										   strcmp(route.method, "GET") == 0 ? NULL : "{}");
			json_t *error = json_object_get(response.value, "error");
			const char *message = text_in(error, "message");
			const char *detail = text_in(error, "detail");
			bool good;

			if (callers[i].scope == SCOPE_UNSET)
				good = response.status == 401;
			else if (callers[i].scope < route.scope && callers[i].token == NULL)
				good = response.status == 401 &&
					   strstr(detail, token_scope_name(route.scope)) != NULL;
			else if (callers[i].scope < route.scope)
				good = response.status == 403 &&
					   strstr(message, token_scope_name(route.scope)) != NULL &&
					   strstr(detail, token_scope_name(callers[i].scope)) != NULL;
			else if (!callers[i].all_servers && route.of_all_servers)
				good = response.status == 403;
			else if (!callers[i].all_servers && route.of_one_server)
				good = response.status == 404 &&
					   strcmp(text_in(error, "code"), "unknown_server") == 0;
			else
				good = response.status != 401 && response.status != 403 &&
					   strcmp(text_in(error, "code"), "unknown_server") != 0 &&
					   response.status < 500;
			if (!good)
				fail_msg("%s %s by %s: %ld %s", route.method, path,
						 callers[i].token ? callers[i].token : "nobody", response.status,
						 response.body);
			release(&response);
		}
		free(path);
	}
}

static int
count_in(const char *token, const char *path, const char *key, const char *server)
{
	Response response = request_as(token, "GET", path, NULL);
	json_t *list = json_object_get(response.value, key);
	json_t *one;
	size_t i;
	int count = 0;

	assert_int_equal(response.status, 200);
	assert_true(json_is_array(list));
	json_array_foreach (list, i, one)
		count += server == NULL || strcmp(text_in(one, "server"), server) == 0;
	release(&response);
	return count;
}

static void
a_token_of_some_servers_sees_these_alone(void **state)
{
	char *cron;
	char *of_pg;
	char *of_other;
	char *path;
	Response response;

	(void) state;
	start_with_all_tokens(NULL);
	assert_int_equal(count_in(TOKEN, "/v1/servers", "servers", NULL), 2);
	assert_int_equal(count_in("the-others-reader", "/v1/servers", "servers", NULL), 1);
	assert_int_equal(count_in("the-others-reader", "/v1/servers", "servers", "other"), 1);

	of_pg = submit("/v1/servers/pg/switch-wal", "{\"timeout_seconds\": 0}");
	of_other = submit("/v1/servers/other/switch-wal", "{\"timeout_seconds\": 0}");
	cron = submit("/v1/cron", "{}");
	json_decref(follow(of_pg));
	json_decref(follow(of_other));
	json_decref(follow(cron));
	assert_int_equal(count_in(TOKEN, "/v1/jobs", "jobs", NULL), 3);
	assert_int_equal(count_in("the-others-reader", "/v1/jobs", "jobs", NULL), 1);
	assert_int_equal(count_in("the-others-reader", "/v1/jobs", "jobs", "other"), 1);
	/* nor does a page tell that there are others, or which: the newest is cron's, and the oldest pg's */
	response = request_as("the-others-reader", "GET", "/v1/jobs?limit=1", NULL);
	assert_int_equal(json_array_size(json_object_get(response.value, "jobs")), 1);
	assert_null(json_object_get(response.value, "more"));
	release(&response);
	response = get("/v1/jobs?limit=2");
	assert_true(json_is_true(json_object_get(response.value, "more")));
	release(&response);
	path = mem_printf("/v1/jobs?before=%s", cron);
	assert_int_equal(count_in(TOKEN, path, "jobs", NULL), 2);
	assert_int_equal(count_in("the-others-reader", path, "jobs", NULL), 0);
	free(path);
	path = mem_printf("/v1/jobs?before=%s", of_other);
	assert_int_equal(count_in(TOKEN, path, "jobs", NULL), 1);
	assert_int_equal(count_in("the-others-reader", path, "jobs", NULL), 0);
	free(path);
	for (int i = 0; i < 2; i++)
	{
		path = mem_printf("/v1/jobs/%s", i == 0 ? of_pg : cron);
		response = request_as("the-others-reader", "GET", path, NULL);
		assert_int_equal(response.status, 404);
		release(&response);
		free(path);
		path = mem_printf("/v1/jobs/%s/cancel", i == 0 ? of_pg : cron);
		response = request_as("the-others-operator", "POST", path, "{}");
		assert_int_equal(response.status, 404);
		release(&response);
		free(path);
	}
	path = mem_printf("/v1/jobs/%s", of_other);
	response = request_as("the-others-reader", "GET", path, NULL);
	assert_int_equal(response.status, 200);
	release(&response);
	free(path);
	free(of_pg);
	free(of_other);
	free(cron);
}

/* POST of an empty object with an idempotency key */
static Response
post_with_key(const char *token, const char *path)
{
	Response response;
	struct curl_slist *headers = prepare(curl, &response, "POST", path, "{}", token);

	headers = curl_slist_append(headers, "Idempotency-Key: 0123456789abcdef");
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
	curl_easy_perform(curl);
	finish(curl, &response);
	curl_slist_free_all(headers);
	return response;
}

static void
a_token_of_some_servers_hears_nothing_of_others(void **state)
{
	static const char words[] = "of-server-pg";
	int64_t began = monotonic_ms();
	Response response;
	bool failed = false;

	(void) state;
	write_file("cron.sh", "echo 'ERROR: of-server-pg' >&2; exit 1");
	start_with_all_tokens("--cron-interval=1");

	/* what Barman says when cron fails */
	while (!failed)
	{
		response = get("/healthz");
		failed = strstr(response.body, words) != NULL;
		release(&response);
		assert_true(failed || look_again(began));
	}
	response = request_as("the-others-reader", "GET", "/healthz", NULL);
	assert_int_equal(response.status, 200);
	assert_null(strstr(response.body, words));
	assert_true(json_is_string(json_object_get(json_object_get(response.value, "cron"), "error")));
	release(&response);

	/* the request that a key belongs to */
	response = post_with_key(TOKEN, "/v1/servers/pg/switch-wal");
	assert_int_equal(response.status, 202);
	release(&response);
	response = post_with_key("the-others-operator", "/v1/servers/other/switch-wal");
	assert_int_equal(response.status, 409);
	assert_null(strstr(response.body, "/pg/"));
	release(&response);
	response = post_with_key(TOKEN, "/v1/servers/other/switch-wal");
	assert_int_equal(response.status, 409);
	assert_non_null(strstr(response.body, "/pg/"));
	release(&response);
}

/* Names of instances are one's for all servers: that one is taken cannot be hidden, how it is can. */
static void
an_instance_of_another_server_is_a_name_alone(void **state)
{
	char token[256];
	char root[256];
	const char *extra[] = {token, root, "--confinement=best-effort", NULL};
	Response response;

	(void) state;
	write_file("others", "the-others-operator");
	chmod(path_of("others"), 0600);
	snprintf(token, sizeof(token), "--token-file=operate:other=%s", path_of("others"));
	shell("mkdir -m 700 -p %s/root/mine %s/state/instances", home, home);
	snprintf(root, sizeof(root), "--instance-root=%s", path_of("root"));
	write_file("state/instances/mine.json",
			   "{\"instance\": \"mine\", \"server\": \"pg\", \"state\": \"failed\", "
			   "\"created\": \"2026-11-22T06:10:22.423819Z\", \"has_files\": true, \"port\": 1}");
	chmod(path_of("state/instances/mine.json"), 0600);
	start_with(extra);
	assert_int_equal(count_in("the-others-operator", "/v1/instances", "instances", NULL), 0);
	response = post("/v1/servers/pg/restores/check", "{\"instance\": \"mine\"}");
	assert_int_equal(response.status, 409);
	assert_non_null(strstr(response.body, "It is failed."));
	release(&response);
	response = request_as("the-others-operator", "POST", "/v1/servers/other/restores/check",
						  "{\"instance\": \"mine\"}");
	assert_int_equal(response.status, 409);
	assert_non_null(strstr(response.body, "It is of another server."));
	release(&response);
}

static void
release_needs_destroy_and_lessening_too(void **state)
{
	static const char keep[] = "/v1/servers/pg/backups/20261122T061022/keep";
	Response response;
	json_t *job;
	char *id;

	(void) state;
	start_with_all_tokens(NULL);
	shell("mkdir -p %s/home/base/20261122T061022 && echo DONE > %s/home/base/20261122T061022/backup.info",
		  home, home);
	write_file("keep.sh",
			   "case $* in\n"
			   "*--status*) printf '{\"pg\": {\"keep_status\": {\"message\": \"%s\"}}}' \"$(cat \"$FAKE_BARMAN/kept\")\" ;;\n"
			   "*) printf '{}' ;;\n"
			   "esac\n");
	write_file("kept", "full");

	response = request_as(TOKEN, "POST", keep, "{\"keep\": \"release\"}");
	assert_int_equal(response.status, 403);
	assert_non_null(strstr(response.body, "\\\"destroy\\\""));
	release(&response);
	assert_int_equal(calls_of("--release"), 0);
	response = request_as("the-destroyer", "POST", keep, "{\"keep\": \"release\"}");
	assert_int_equal(response.status, 202);
	release(&response);

	/* it was kept with all its WAL */
	id = submit(keep, "{\"keep\": \"standalone\"}");
	job = follow(id);
	assert_string_equal(text_in(json_object_get(job, "error"), "code"), "forbidden");
	assert_int_equal(calls_of("--target standalone"), 0);
	json_decref(job);
	free(id);

	/* it was not kept at all */
	write_file("kept", "nokeep");
	id = submit(keep, "{\"keep\": \"standalone\"}");
	json_decref(follow(id));
	assert_int_equal(calls_of("--target standalone"), 1);
	free(id);
}

static void
a_token_is_rotated_while_the_sidecar_runs(void **state)
{
	Response response;
	int64_t began;

	(void) state;
	start_with_all_tokens(NULL);
	write_file("reader.new", "the-next-reader");
	chmod(path_of("reader.new"), 0600);
	assert_int_equal(rename(path_of("reader.new"), path_of("reader")), 0);
	response = request_as("the-next-reader", "GET", "/v1/servers", NULL);
	assert_int_equal(response.status, 200);
	release(&response);
	response = request_as("the-reader", "GET", "/v1/servers", NULL);
	assert_int_equal(response.status, 401);
	release(&response);

	/* open to others: nobody may in by it, everybody else as before */
	chmod(path_of("reader"), 0644);
	response = request_as("the-next-reader", "GET", "/v1/servers", NULL);
	assert_int_equal(response.status, 503);
	release(&response);
	response = get("/v1/servers");
	assert_int_equal(response.status, 200);
	release(&response);
	assert_non_null(strstr(read_text("log"), "open to others (mode 0644)"));
	kill(sidecar, SIGHUP);
	began = monotonic_ms();
	while (count_of(read_text("log"), "open to others") < 2)
		assert_true(look_again(began));
	assert_int_equal(count_of(read_text("log"), "open to others"), 2);
	assert_null(strstr(read_text("log"), "the-next-reader"));
}

/* Sent as it stands; the status of the answer */
static int
raw_status(const char *text, size_t length)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t) port)};
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	char answer[64] = "";
	int status = 0;

	inet_pton(AF_INET, "127.0.0.1", &address.sin_addr);
	assert_int_equal(connect(fd, (struct sockaddr *) &address, sizeof(address)), 0);
	assert_int_equal(write(fd, text, length), (ssize_t) length);
	if (read(fd, answer, sizeof(answer) - 1) > 0)
		sscanf(answer, "HTTP/1.1 %d", &status);
	close(fd);
	return status;
}

static void
a_header_that_can_be_read_in_two_ways_is_refused(void **state)
{
	static const char twice[] = "GET /v1/servers HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " TOKEN
								"\r\nAuthorization: Bearer wrong\r\n\r\n";
	static const char good[] = "GET /v1/servers HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " TOKEN
							   "\r\n\r\n";

	(void) state;
	start();
	assert_int_equal(raw_status(good, sizeof(good) - 1), 200);
	assert_int_equal(raw_status(twice, sizeof(twice) - 1), 400);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_route_has_a_scope_and_a_reach),
		HTTP_TEST(every_route_by_every_caller),
		HTTP_TEST(a_token_of_some_servers_sees_these_alone),
		HTTP_TEST(a_token_of_some_servers_hears_nothing_of_others),
		HTTP_TEST(an_instance_of_another_server_is_a_name_alone),
		HTTP_TEST(release_needs_destroy_and_lessening_too),
		HTTP_TEST(a_token_is_rotated_while_the_sidecar_runs),
		HTTP_TEST(a_header_that_can_be_read_in_two_ways_is_refused),
	};

	return RUN_HTTP_TESTS(argc, argv, tests);
}
