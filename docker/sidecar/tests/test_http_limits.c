/*
 * test_http_limits.c
 *
 * However many clients hang on, drip or send too much, the next one is served.
 */
#include "raw_fixture.h"

#include <sys/resource.h>

#define AUTHORIZED "Host: localhost\r\nAuthorization: Bearer " TOKEN "\r\n"
#define MANY	   300
#define MEGABYTE   (1024 * 1024)

static void
close_all(int *fds, int count)
{
	for (int i = 0; i < count; i++)
		close(fds[i]);
}

/* The sidecar answers, and before any of its times would have made room */
static void
expect_service(void)
{
	Response response = get("/v1/jobs");

	assert_int_equal(response.status, 200);
	if (response.seconds > 7)
		fail_msg("it took %g s", response.seconds);
	release(&response);
}

static void
many_silent_connections_keep_nobody_out(void **state)
{
	int fds[MANY * 2];

	(void) state;
	start();
	for (int i = 0; i < MANY * 2; i++)
		fds[i] = i % 2 ? open_silent() : open_raw("GET /v1/jobs HTTP/1.1\r\nHost: localhost\r\nX-");
	expect_service();
	assert_true(metric("barman_sidecar_connections_displaced_total") > 0);
	close_all(fds, MANY * 2);
}

static void
slow_headers_are_refused(void **state)
{
	const char *extra[] = {"--header-timeout=1", NULL};
	int64_t began = monotonic_ms();
	char text[4096] = "";
	int fd;

	(void) state;
	start_with(extra);
	began = monotonic_ms();
	fd = open_raw("GET /v1/jobs HTTP/1.1\r\nX: ");
	while (!read_to_end(fd, 100, text, sizeof(text)))
	{
		(void) !send(fd, "x", 1, MSG_NOSIGNAL);
		assert_true(monotonic_ms() - began < PATIENCE_MS);
	}
	assert_true(monotonic_ms() - began >= 900);
	if (strncmp(text, "HTTP/1.1 408 ", 13) != 0 || strstr(text, "request_timeout") == NULL)
		fail_msg("%s", text);
	close(fd);
	assert_true(metric("barman_sidecar_timeouts_total{stage=\"headers\"}") == 1);
}

static void
a_slow_body_is_refused(void **state)
{
	const char *extra[] = {"--body-timeout=1", NULL};
	int64_t began;
	char text[4096] = "";
	int fd;

	(void) state;
	start_with(extra);
	began = monotonic_ms();
	fd = open_raw("POST /v1/cron HTTP/1.1\r\n" AUTHORIZED "Content-Length: 60000\r\n\r\n{");
	while (!read_to_end(fd, 100, text, sizeof(text)))
	{
		(void) !send(fd, " ", 1, MSG_NOSIGNAL);
		assert_true(monotonic_ms() - began < PATIENCE_MS);
	}
	if (strncmp(text, "HTTP/1.1 408 ", 13) != 0)
		fail_msg("%s", text);
	close(fd);
	assert_true(metric("barman_sidecar_timeouts_total{stage=\"body\"}") == 1);
}

static void
who_idles_is_ended(void **state)
{
	const char *extra[] = {"--idle-timeout=1", NULL};
	char text[4096] = "";
	int fd;

	(void) state;
	start_with(extra);
	fd = open_raw("GET /v1/jobs HTTP/1.1\r\n" AUTHORIZED "\r\n");
	assert_true(read_to_end(fd, PATIENCE_MS, text, sizeof(text)));
	assert_non_null(strstr(text, "HTTP/1.1 200 "));
	close(fd);
	assert_true(metric("barman_sidecar_timeouts_total{stage=\"idle\"}") == 1);
}

static void
who_does_not_take_an_answer_is_ended(void **state)
{
	const char *extra[] = {"--answer-timeout=1", NULL};
	struct sockaddr_in address = {.sin_family = AF_INET};
	int small = 4096;
	int fd;

	(void) state;
	write_file("list-backups.sh",
			   "awk 'BEGIN { printf \"{\\\"pg\\\": [\"; for (i = 100000; i < 130000; i++) printf \"%s{\\\"backup_id\\\": "
			   "\\\"20261122T%d\\\", \\\"backup_name\\\": \\\"\\\", \\\"backup_type\\\": \\\"full\\\", \\\"status\\\": \\\"DONE\\\", "
			   "\\\"end_time_timestamp\\\": \\\"1795300000\\\", \\\"size_bytes\\\": 1000, \\\"wal_size_bytes\\\": 0, "
			   "\\\"retention_status\\\": \\\"-\\\"}\", (i > 100000 ? \",\" : \"\"), i; printf \"]}\" }'");
	start_with(extra);
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
	address.sin_port = htons((uint16_t) port);
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(connect(fd, (struct sockaddr *) &address, sizeof(address)), 0);
	assert_true(write(fd, "GET /v1/servers/pg/backups HTTP/1.1\r\n" AUTHORIZED "\r\n",
					  strlen("GET /v1/servers/pg/backups HTTP/1.1\r\n" AUTHORIZED "\r\n")) > 0);
	wait_for_metric("barman_sidecar_timeouts_total{stage=\"answer\"}", 1);
	close(fd);
}

static void
half_sent_bodies_have_a_limit_together(void **state)
{
	const char *extra[] = {"--max-body-memory=16", NULL};
	char *piece = mem_alloc(4 * MEGABYTE + 1);
	char *head = mem_printf("POST /v1/servers/pg/drills HTTP/1.1\r\n" AUTHORIZED
							"Content-Length: %d\r\n\r\n",
							30 * MEGABYTE);
	int fds[24];
	int64_t began;

	(void) state;
	memset(piece, ' ', 4 * MEGABYTE);
	start_with(extra);
	/* declared to be more than all may have */
	fds[0] = open_raw(head);
	assert_int_equal(read_status(fds[0]), 503);
	close(fds[0]);
	free(head);

	head = mem_printf("POST /v1/servers/pg/drills HTTP/1.1\r\n" AUTHORIZED
					  "Content-Length: %d\r\n\r\n",
					  6 * MEGABYTE);
	for (int i = 0; i < 24; i++)
	{
		struct timeval patience = {1, 0};

		fds[i] = open_raw(head);
		setsockopt(fds[i], SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
		for (size_t sent = 0; sent < 4 * MEGABYTE;)
		{
			ssize_t some = send(fds[i], piece + sent, 4 * MEGABYTE - sent, MSG_NOSIGNAL);

			if (some <= 0)
				break;
			sent += (size_t) some;
		}
	}
	/* what was sent may not be read yet */
	began = monotonic_ms();
	while (metric("barman_sidecar_bodies_refused_total") < 20)
		assert_true(look_again(began));
	assert_true(metric("barman_sidecar_body_bytes") <= 16 * MEGABYTE);
	/* small ones find room */
	free(submit("/v1/cron", "{}"));
	close_all(fds, 24);
	free(piece);
	free(head);
}

/* [0,0,...] in a drill */
static char *
many_zeros(size_t bytes)
{
	char *text = mem_alloc(bytes + 1);
	size_t length = (size_t) sprintf(text, "{\"tables\": [0");

	while (length + 4 < bytes)
	{
		text[length++] = ',';
		text[length++] = '0';
	}
	strcpy(text + length, "]}");
	return text;
}

static void
a_body_of_many_values_holds_nobody_up(void **state)
{
	char *large = many_zeros(31 * MEGABYTE);
	char *small = many_zeros(4000);
	char *deep = mem_alloc(40001);

	(void) state;
	start();
	expect_error("POST", "/v1/servers/pg/drills", large, 413, "too_large");
	/* as much as there may be is taken apart from those who read */
	large[900000] = '\0';
	strcpy(large + 900000, "]}");
	{
		CURLM *multi = curl_multi_init();
		CURL *mine[8];
		Response responses[8];
		struct curl_slist *headers[8];

		for (int i = 0; i < 8; i++)
		{
			mine[i] = curl_easy_init();
			headers[i] = prepare(mine[i], &responses[i], "POST", "/v1/servers/pg/drills", large,
								 TOKEN);
			curl_multi_add_handle(multi, mine[i]);
		}
		let_run(multi, 3);
		for (int i = 0; i < 20; i++)
		{
			expect_service();
			let_run(multi, 1);
		}
		let_end(multi);
		for (int i = 0; i < 8; i++)
		{
			finish(mine[i], &responses[i]);
			assert_int_equal(responses[i].status, 400);
			release(&responses[i]);
			curl_multi_remove_handle(multi, mine[i]);
			curl_easy_cleanup(mine[i]);
			curl_slist_free_all(headers[i]);
		}
		curl_multi_cleanup(multi);
	}
	expect_error("POST", "/v1/servers/pg/restores", small, 413, "too_large");
	/* which may list 200 tables */
	expect_error("POST", "/v1/servers/pg/rescues", small, 400, "bad_argument");
	memset(deep, '[', 40000);
	expect_error("POST", "/v1/cron", deep, 413, "too_large");
	memcpy(deep, "{\"x\":\"", 6);
	strcpy(deep + 39998, "\"}");
	/* brackets in a string nest nothing */
	expect_error("POST", "/v1/cron", deep, 400, "bad_argument");
	free(large);
	free(small);
	free(deep);
}

static void
long_polls_of_one_client_have_a_limit(void **state)
{
	const char *extra[] = {"--max-waits-per-address=3", NULL};
	char *id;
	char *path;
	char *text;
	int fds[3];

	(void) state;
	write_file("backup.seconds", "300");
	start_with(extra);
	id = submit("/v1/servers/pg/backups", "{}");
	wait_for_phase(id, "copying");
	path = mem_printf("/v1/jobs/%s?after=1000&wait=60", id);
	text = mem_printf("GET %s HTTP/1.1\r\n" AUTHORIZED "\r\n", path);
	for (int i = 0; i < 3; i++)
		fds[i] = open_raw(text);
	wait_for_metric("barman_sidecar_waits", 3);
	expect_error("GET", path, NULL, 429, "too_many_requests");
	assert_true(metric("barman_sidecar_waits_refused_total") == 1);
	/* whoever does not wait is told at once */
	{
		char *at_once = mem_printf("/v1/jobs/%s", id);
		Response response = get(at_once);

		assert_int_equal(response.status, 200);
		release(&response);
		free(at_once);
	}
	/* the end of the job ends them, and their places are free */
	{
		char *cancel = mem_printf("/v1/jobs/%s/cancel", id);
		Response response = post(cancel, NULL);

		assert_int_equal(response.status, 202);
		release(&response);
		free(cancel);
	}
	for (int i = 0; i < 3; i++)
		assert_int_equal(read_status(fds[i]), 200);
	close_all(fds, 3);
	json_decref(follow(id));
	assert_true(metric("barman_sidecar_waits") == 0);
	free(id);
	free(path);
	free(text);
}

/* Where all places are taken by requests that are served, it says so. */
static void
who_finds_no_place_is_told(void **state)
{
	const char *extra[] = {"--max-connections=32", "--max-connections-per-address=16",
						   "--reserved-connections=2", NULL};
	char *id;
	char *text;
	char answer[4096] = "";
	int fds[16];
	int one;
	int taken = 0;

	(void) state;
	write_file("backup.seconds", "300");
	start_with(extra);
	id = submit("/v1/servers/pg/backups", "{}");
	wait_for_phase(id, "copying");
	text = mem_printf("GET /v1/jobs/%s?after=1000&wait=60 HTTP/1.1\r\n" AUTHORIZED "\r\n", id);
	for (int i = 0; i < 15; i++)
		fds[taken++] = open_raw(text);
	wait_for_metric("barman_sidecar_waits", 15);
	/* the connection of the metrics idles: it makes room */
	fds[taken++] = open_raw(text);
	for (int i = 0; i < 100 && answer[0] == '\0'; i++)
	{
		/* one whose request had not arrived yet made room itself, and comes again */
		if (i > 0)
		{
			close(fds[taken - 1]);
			fds[taken - 1] = open_raw(text);
		}
		one = open_silent();
		read_to_end(one, 200, answer, sizeof(answer));
		close(one);
	}
	if (strncmp(answer, "HTTP/1.1 503 ", 13) != 0 || strstr(answer, "Retry-After: 1\r\n") == NULL)
		fail_msg("%s", answer);
	close_all(fds, taken);
	free(id);
	free(text);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		HTTP_TEST(many_silent_connections_keep_nobody_out),
		HTTP_TEST(slow_headers_are_refused),
		HTTP_TEST(a_slow_body_is_refused),
		HTTP_TEST(who_idles_is_ended),
		HTTP_TEST(who_does_not_take_an_answer_is_ended),
		HTTP_TEST(half_sent_bodies_have_a_limit_together),
		HTTP_TEST(a_body_of_many_values_holds_nobody_up),
		HTTP_TEST(long_polls_of_one_client_have_a_limit),
		HTTP_TEST(who_finds_no_place_is_told),
	};
	struct rlimit files;

	/* hundreds of connections */
	if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < 4096)
	{
		files.rlim_cur = files.rlim_max < 4096 ? files.rlim_max : 4096;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	return RUN_HTTP_TESTS(argc, argv, tests);
}
