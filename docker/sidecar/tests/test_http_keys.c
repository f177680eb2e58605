/*
 * test_http_keys.c
 *
 * A request with an Idempotency-Key starts one job at most, and can be
 * cancelled by its key, whatever has become of it.
 */
#include "sidecar_fixture.h"

#define KEY		   "0123456789abcdef0123456789abcdef"
#define BACKUPS	   "/v1/servers/pg/backups"
#define CANCEL_KEY "/v1/keys/" KEY "/cancel"

static struct curl_slist *
prepare_with_key(CURL *handle, Response *response, const char *key, const char *method,
				 const char *path)
{
	struct curl_slist *headers = prepare(handle, response, method, path, "{}", TOKEN);
	char *header = mem_printf("Idempotency-Key: %s", key);

	headers = curl_slist_append(headers, header);
	curl_easy_setopt(handle, CURLOPT_HTTPHEADER, headers);
	free(header);
	return headers;
}

static Response
send_with_key(const char *key, const char *method, const char *path)
{
	Response response;
	struct curl_slist *headers = prepare_with_key(curl, &response, key, method, path);

	curl_easy_perform(curl);
	finish(curl, &response);
	curl_slist_free_all(headers);
	return response;
}

static void
expect_refusal(const char *key, const char *path, long status, const char *code)
{
	Response response = send_with_key(key, "POST", path);

	assert_int_equal(response.status, status);
	assert_string_equal(text_in(json_object_get(response.value, "error"), "code"), code);
	release(&response);
}

/* POST with the key; the job's id, to be freed */
static char *
submit_with_key(const char *path)
{
	Response response = send_with_key(KEY, "POST", path);
	char *id = mem_strdup(text_in(json_object_get(response.value, "job"), "id"));
	char *location = mem_printf("Location: /v1/jobs/%s\r\n", id);

	assert_int_equal(response.status, 202);
	assert_non_null(strstr(response.headers, location));
	free(location);
	release(&response);
	return id;
}

/* Cancel by the key; the job's id, "" if there is none, to be freed */
static char *
cancel_key(long status)
{
	Response response = post(CANCEL_KEY, "");
	char *id = mem_strdup(text_in(json_object_get(response.value, "job"), "id"));

	assert_int_equal(response.status, status);
	release(&response);
	return id;
}

static void
expect_end(const char *id, const char *state)
{
	json_t *job = follow(id);

	assert_string_equal(text_in(job, "state"), state);
	json_decref(job);
}

static void
a_key_starts_one_job(void **state)
{
	char *id;
	char *again;
	json_t *job;

	(void) state;
	start();
	id = submit_with_key(BACKUPS);
	again = submit_with_key(BACKUPS);
	assert_string_equal(id, again);
	free(again);
	expect_end(id, "done");
	again = submit_with_key(BACKUPS);
	assert_string_equal(id, again);
	free(again);
	assert_int_equal(calls_of(" backup "), 1);

	/* the key is the caller's secret */
	job = follow(id);
	assert_null(json_object_get(job, "key"));
	json_decref(job);
	free(id);
}

static void
a_key_survives_a_restart(void **state)
{
	char *id;
	char *again;

	(void) state;
	write_file("backup.seconds", "300");
	start();
	id = submit_with_key(BACKUPS);
	wait_for_phase(id, "copying");
	crash();
	start();
	again = submit_with_key(BACKUPS);
	assert_string_equal(id, again);
	expect_end(again, "lost");
	assert_int_equal(calls_of(" backup "), 1);
	free(again);
	again = cancel_key(200);
	assert_string_equal(id, again);
	free(again);
	free(id);
}

static void
a_key_is_for_one_request(void **state)
{
	(void) state;
	start();
	free(submit_with_key("/v1/cron"));
	expect_refusal(KEY, "/v1/servers/pg/switch-wal", 409, "conflict");
	expect_refusal("short", "/v1/cron", 400, "bad_argument");
	expect_refusal("0123456789abcdef\"", "/v1/cron", 400, "bad_argument");
	expect_error("POST", "/v1/keys/short/cancel", "", 400, "bad_argument");
	expect_error("GET", CANCEL_KEY, NULL, 405, "method_not_allowed");
}

static void
a_job_is_cancelled_by_its_key(void **state)
{
	char *id;
	char *cancelled;

	(void) state;
	write_file("backup.seconds", "300");
	start();
	id = submit_with_key(BACKUPS);
	wait_for_phase(id, "copying");
	cancelled = cancel_key(202);
	assert_string_equal(id, cancelled);
	expect_end(id, "cancelled");
	assert_true(wait_until_gone(atoi(read_text("copier.pid"))));
	free(cancelled);
	cancelled = cancel_key(200);
	assert_string_equal(id, cancelled);
	free(cancelled);
	free(id);
}

static void
a_cancelled_key_starts_nothing(void **state)
{
	char *id;

	(void) state;
	start();
	id = cancel_key(200);
	assert_string_equal(id, "");
	free(id);
	expect_refusal(KEY, BACKUPS, 409, "conflict");
	assert_int_equal(calls_of(" backup "), 0);
	id = submit(BACKUPS, "{}");
	expect_end(id, "done");
	free(id);
}

/* It sleeps until Barman has told which servers there are. */
static void
a_request_on_its_way_is_cancelled_by_its_key(void **state)
{
	CURLM *multi = curl_multi_init();
	CURL *mine = curl_easy_init();
	Response response;
	struct curl_slist *headers;
	char *id;

	(void) state;
	write_file("list-servers.sh", "sleep 1; printf '{\"pg\": {\"description\": \"Main\"}}'");
	start();
	headers = prepare_with_key(mine, &response, KEY, "POST", BACKUPS);
	curl_multi_add_handle(multi, mine);
	assert_int_equal(let_run(multi, 10), 1);
	id = cancel_key(200);
	assert_string_equal(id, "");
	free(id);
	let_end(multi);
	finish(mine, &response);
	assert_int_equal(response.status, 409);
	release(&response);
	curl_multi_remove_handle(multi, mine);
	curl_easy_cleanup(mine);
	curl_multi_cleanup(multi);
	curl_slist_free_all(headers);
	response = get("/v1/jobs");
	assert_string_equal(response.body, "{\"jobs\":[]}");
	release(&response);
}

/* More cost no memory: the oldest go. */
static void
cancelled_keys_are_no_more_than_a_thousand(void **state)
{
	Response response;

	(void) state;
	start();
	free(cancel_key(200));
	for (int i = 0; i < 999; i++)
	{
		char *path = mem_printf("/v1/keys/a-key-that-nobody-sent-%d/cancel", i);

		response = post(path, "");
		assert_int_equal(response.status, 200);
		release(&response);
		free(path);
	}
	expect_refusal(KEY, BACKUPS, 409, "conflict");
	response = post("/v1/keys/one-more-key-and-the-first-is-gone/cancel", "");
	assert_int_equal(response.status, 200);
	release(&response);
	free(submit_with_key(BACKUPS));
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		HTTP_TEST(a_key_starts_one_job),
		HTTP_TEST(a_key_survives_a_restart),
		HTTP_TEST(a_key_is_for_one_request),
		HTTP_TEST(a_job_is_cancelled_by_its_key),
		HTTP_TEST(a_cancelled_key_starts_nothing),
		HTTP_TEST(cancelled_keys_are_no_more_than_a_thousand),
		HTTP_TEST(a_request_on_its_way_is_cancelled_by_its_key),
	};

	return RUN_HTTP_TESTS(argc, argv, tests);
}
