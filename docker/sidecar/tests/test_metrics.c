/*
 * test_metrics.c
 *
 * /metrics of the program: what it reads of Barman, how often, for whom, and
 * what a scrape costs.
 */
#include "sidecar_fixture.h"

#include "metrics/scrape.h"
#include "raw_fixture.h"

static const char *const collects[] = {"--metrics-interval=60", NULL};

/* A script that stands for a command of Barman's */
static void
answer_command(const char *command, const char *script)
{
	char *name = mem_printf("%s.sh", command);

	write_file(name, script);
	free(name);
}

/* The catalogue of "pg": a good backup, one that waits, one that failed */
static void
make_backups(void)
{
	answer_command("list-backups",
				   "printf '{\"%s\": [' \"$2\"\n"
				   "printf '{\"backup_id\": \"20261122T060000\", \"backup_type\": \"full\", \"status\": \"DONE\", "
				   "\"end_time_timestamp\": \"1795300000\", \"size_bytes\": 1000, \"wal_size_bytes\": 300}, '\n"
				   "printf '{\"backup_id\": \"20261121T060000\", \"backup_type\": \"full\", \"status\": \"FAILED\"}, '\n"
				   "printf '{\"backup_id\": \"20261120T060000\", \"backup_type\": \"full\", \"status\": \"DONE\", "
				   "\"end_time_timestamp\": \"1795200000\", \"size_bytes\": 2000, \"wal_size_bytes\": 400}]}'\n");
	answer_command("diagnose",
				   "printf '{\"global\": {}, \"models\": {}, \"servers\": {'\n"
				   "for s in pg other; do\n"
				   "printf '%s\"%s\": {\"config\": {}, \"status\": {}, \"backups\": {' \"${c-}\" \"$s\"; c=,\n"
				   "printf '\"20261122T060000\": {\"begin_time\": \"2026-11-22T06:00:00.500000+00:00\", \"status\": \"DONE\"}, '\n"
				   "printf '\"20261121T060000\": {\"begin_time\": \"2026-11-21T06:00:00+00:00\", \"status\": \"FAILED\"}, '\n"
				   "printf '\"20261120T060000\": {\"begin_time\": \"2026-11-20T06:00:00+00:00\", \"status\": \"DONE\"}}}'\n"
				   "done\n"
				   "printf '}}\\n'\n");
	answer_command("replication-status",
				   "printf '{\"%s\": {\"server_lsn\": \"0/5000000\", \"wal_streamers\": ["
				   "{\"application_name\": \"barman_receive_wal\", \"flush_lsn\": \"0/4FFFF00\"}]}}' \"$2\"\n");
}

static void
expect_metric(const char *name, double value)
{
	double is = metric(name);

	if (is != value)
		fail_msg("%s is %.17g, not %.17g: %s", name, is, value, read_text("log"));
}

static void
expect_absent(const char *name)
{
	Response response = get("/metrics");

	assert_int_equal(response.status, 200);
	if (strstr(response.body, name) != NULL)
		fail_msg("%s is there", name);
	release(&response);
}

static void
metrics_are_what_barman_says(void **state)
{
	(void) state;
	make_backups();
	start_with(collects);
	wait_for_metric("barman_metrics_update{server=\"other\"}", 1);
	expect_metric("barman_sidecar_servers_known", 1);
	expect_metric("barman_up{server=\"pg\",check=\"directories\"}", 1);
	expect_metric("barman_sidecar_server_active{server=\"pg\",state=\"active\"}", 1);
	expect_metric("barman_backups_total{server=\"pg\"}", 3);
	expect_metric("barman_backups_failed{server=\"pg\"}", 1);
	expect_metric("barman_sidecar_backups{server=\"pg\",status=\"DONE\"}", 2);
	expect_metric("barman_sidecar_backups{server=\"pg\",status=\"WAITING_FOR_WALS\"}", 0);
	/* only good backups have a number, and 1 is the latest */
	expect_metric("barman_backup_size{server=\"pg\",number=\"1\"}", 1000);
	expect_metric("barman_backup_size{server=\"pg\",number=\"2\"}", 2000);
	expect_absent("barman_backup_size{server=\"pg\",number=\"3\"}");
	expect_metric("barman_backup_wal_size{server=\"pg\",number=\"2\"}", 400);
	expect_metric("barman_last_backup{server=\"pg\"}", 1795327200.5);
	expect_metric("barman_first_backup{server=\"pg\"}", 1795154400);
	expect_metric("barman_sidecar_latest_backup_timestamp_seconds{server=\"pg\",type=\"full\"}",
				  1795300000);
	expect_metric("barman_sidecar_latest_backup_size_bytes{server=\"pg\",type=\"full\"}", 1000);
	expect_absent("type=\"incremental\"");
	expect_metric("barman_sidecar_receiver_lag_bytes{server=\"pg\"}", 256);
	expect_metric("barman_sidecar_proven{server=\"pg\"}", 0);
	assert_true(metric("barman_sidecar_disk_free_bytes{server=\"pg\",area=\"wals\"}") > 0);
}

/* Never a zero for what is not known */
static void
what_cannot_be_had_is_absent_and_said(void **state)
{
	static const struct
	{
		const char *command;
		const char *read;
		const char *metrics;
	} reads[] = {
		{"check", "check", "barman_up{server=\"pg\""},
		{"replication-status", "replication", "barman_sidecar_receiver_lag_bytes{"},
		{"list-backups", "backups", "barman_backups_total{server=\"pg\""},
		{"show-servers", "disks", "barman_sidecar_disk_free_bytes{"},
		{"show-backup", "latest_backup", "barman_last_backup_copy_time{"},
	};

	(void) state;
	for (size_t i = 0; i < sizeof(reads) / sizeof(reads[0]); i++)
	{
		char *up = mem_printf("barman_sidecar_read_up{server=\"pg\",read=\"%s\"}", reads[i].read);

		make_backups();
		answer_command(reads[i].command, "echo 'ERROR: it broke' >&2; exit 1\n");
		start_with(collects);
		wait_for_metric("barman_metrics_update{server=\"pg\"}", 1);
		expect_metric(up, 0);
		expect_absent(reads[i].metrics);
		/* what does not need it is there */
		if (strcmp(reads[i].read, "backups") != 0)
			expect_metric("barman_backups_total{server=\"pg\"}", 3);
		assert_int_equal(terminate(), 0);
		shell("rm -rf %s/state %s/*.sh", home, home);
		free(up);
	}
}

static void
without_a_list_of_servers_no_server_has_metrics(void **state)
{
	(void) state;
	answer_command("list-servers", "echo 'ERROR: it broke' >&2; exit 1\n");
	start_with(collects);
	wait_for_metric("barman_sidecar_servers_known", 0);
	expect_absent("server=");
}

/* Values vanish, and how old they are stays. */
static void
values_of_a_barman_that_hangs_vanish(void **state)
{
	const char *options[] = {"--metrics-interval=1", NULL};
	int64_t began = monotonic_ms();

	(void) state;
	make_backups();
	start_with(options);
	wait_for_metric("barman_up{server=\"pg\",check=\"directories\"}", 1);
	answer_command("check", "exec sleep 300\n");
	while (metric("barman_up{server=\"pg\",check=\"directories\"}") >= 0)
		assert_true(look_again(began));
	assert_true(metric("barman_metrics_update{server=\"pg\"}") > 0);
	assert_true(metric("barman_sidecar_up") == 1);
}

static void
incremental_backups_are_apart(void **state)
{
	(void) state;
	make_backups();
	answer_command("list-backups",
				   "printf '{\"%s\": [' \"$2\"\n"
				   "printf '{\"backup_id\": \"20261122T060000\", \"backup_type\": \"incremental\", \"status\": \"DONE\", "
				   "\"end_time_timestamp\": \"1795300000\", \"size_bytes\": 10, \"wal_size_bytes\": 300}, '\n"
				   "printf '{\"backup_id\": \"20261120T060000\", \"backup_type\": \"rsync\", \"status\": \"DONE\", "
				   "\"end_time_timestamp\": \"1795200000\", \"size_bytes\": 2000, \"wal_size_bytes\": 400}]}'\n");
	start_with(collects);
	wait_for_metric("barman_metrics_update{server=\"other\"}", 1);
	expect_metric("barman_sidecar_latest_backup_size_bytes{server=\"pg\",type=\"incremental\"}", 10);
	expect_metric("barman_sidecar_latest_backup_size_bytes{server=\"pg\",type=\"full\"}", 2000);
	expect_metric("barman_sidecar_latest_backup_timestamp_seconds{server=\"pg\",type=\"full\"}",
				  1795200000);
}

/* It would only ask a server that it must not connect to. */
static void
servers_that_are_not_active_are_not_asked(void **state)
{
	(void) state;
	make_backups();
	answer_command("list-servers", "printf '{\"pg\": {\"description\": \"Main (inactive)\"}, "
								   "\"other\": {\"description\": \"Other (Passive)\"}}'\n");
	start_with(collects);
	wait_for_metric("barman_metrics_update{server=\"other\"}", 1);
	expect_metric("barman_sidecar_server_active{server=\"pg\",state=\"inactive\"}", 0);
	expect_metric("barman_backups_total{server=\"pg\"}", 3);
	expect_absent("read_up{server=\"pg\",read=\"check\"}");
	assert_int_equal(calls_of("check pg"), 0);
	assert_int_equal(calls_of("check other"), 1);
	assert_int_equal(calls_of("replication-status"), 0);
}

static void
scrapes_do_not_make_barman_run_more_often(void **state)
{
	(void) state;
	make_backups();
	start_with(collects);
	wait_for_metric("barman_metrics_update{server=\"other\"}", 1);
	for (int i = 0; i < 200; i++)
	{
		Response response = get("/metrics");

		assert_int_equal(response.status, 200);
		release(&response);
	}
	assert_int_equal(calls_of("check pg"), 1);
	assert_int_equal(calls_of("list-backups pg"), 1);
	assert_int_equal(calls_of("replication-status pg"), 1);
	assert_int_equal(calls_of("list-servers"), 1);
}

static void
nothing_is_read_while_nobody_scrapes(void **state)
{
	Response response;

	(void) state;
	start_with(collects);
	response = get("/v1/servers/pg/backups");
	assert_int_equal(response.status, 200);
	release(&response);
	assert_int_equal(calls_of("check"), 0);
}

static void
labels_hold_what_barman_says(void **state)
{
	(void) state;
	answer_command("check",
				   "printf '{\"%s\": {\"a\\\\\"b\\\\\\\\c\": {\"status\": \"OK\", \"hint\": \"\"}}}' \"$2\"\n");
	start_with(collects);
	wait_for_metric("barman_up{server=\"pg\",check=\"a\\\"b\\\\c\"}", 1);
}

/* The port of the second listener, from the log */
static int
open_port(void)
{
	static const char words[] = "msg=\"open for metrics\" address=127.0.0.1:";
	const char *found = strstr(read_text("log"), words);

	assert_non_null(found);
	return atoi(found + strlen(words));
}

static void
expect_status(const char *method, const char *path, const char *token, long status)
{
	Response response = request_as(token, method, path, strcmp(method, "POST") == 0 ? "{}" : NULL);

	if (response.status != status)
		fail_msg("%s %s: %ld, not %ld", method, path, response.status, status);
	release(&response);
}

static void
the_open_listener_has_the_metrics_alone(void **state)
{
	const char *options[] = {"--metrics-interval=60", "--metrics-listen=127.0.0.1:0", NULL};
	int closed;

	(void) state;
	start_with(options);
	expect_status("GET", "/metrics", NULL, 401);
	closed = port;
	port = open_port();
	expect_status("GET", "/metrics", NULL, 200);
	expect_status("HEAD", "/metrics", NULL, 200);
	/* a token changes nothing there, good or bad */
	expect_status("GET", "/metrics", "wrong", 200);
	expect_status("GET", "/metrics", TOKEN, 200);
	expect_status("GET", "/v1/servers", TOKEN, 404);
	expect_status("GET", "/healthz", NULL, 404);
	expect_status("POST", "/v1/cron", TOKEN, 404);
	expect_status("POST", "/metrics", NULL, 404);
	expect_status("GET", "/nonsense", NULL, 404);
	expect_status("GET", "/metrics/", NULL, 404);
	port = closed;
	expect_status("GET", "/metrics", TOKEN, 200);
	expect_status("GET", "/v1/servers", TOKEN, 200);
}

/* With a name that points to us, a page of the browser next to it would read them. */
static void
the_open_listener_refuses_pages(void **state)
{
	const char *options[] = {"--metrics-listen=127.0.0.1:0", NULL};
	const char *headers[] = {"Origin: http://evil.example", "Sec-Fetch-Site: cross-site",
							 "Host: evil.example"};
	const long statuses[] = {403, 403, 421};

	(void) state;
	start_with(options);
	port = open_port();
	for (int i = 0; i < 3; i++)
	{
		Response response;
		struct curl_slist *list = prepare(curl, &response, "GET", "/metrics", NULL, NULL);

		list = curl_slist_append(list, headers[i]);
		curl_easy_setopt(curl, CURLOPT_HTTPHEADER, list);
		curl_easy_perform(curl);
		finish(curl, &response);
		assert_int_equal(response.status, statuses[i]);
		release(&response);
		curl_slist_free_all(list);
	}
}

static void
the_open_listener_is_no_path(void **state)
{
	(void) state;
	shell("! FAKE_BARMAN=%s %s --state-dir=%s/state --barman=%s --token-file=%s/token "
		  "--metrics-listen=unix:%s/socket 2> %s/log",
		  home, program, home, barman, home, home, home);
	assert_non_null(strstr(read_text("log"), "it must be an address and a port"));
}

static void
requests_are_counted_by_route_and_status(void **state)
{
	(void) state;
	start();
	expect_status("GET", "/v1/servers/pg/backups", TOKEN, 200);
	expect_status("GET", "/v1/servers/other/backups", TOKEN, 200);
	expect_status("GET", "/v1/servers/nothere/backups", TOKEN, 404);
	expect_status("GET", "/v1/servers/pg/backups", "wrong", 401);
	expect_status("GET", "/../etc/passwd\"", TOKEN, 404);
	wait_for_metric("barman_sidecar_requests_total{route=\"GET /v1/servers/*/backups\",status=\"200\"}",
					2);
	wait_for_metric("barman_sidecar_requests_total{route=\"GET /v1/servers/*/backups\",status=\"404\"}",
					1);
	wait_for_metric("barman_sidecar_requests_total{route=\"GET /v1/servers/*/backups\",status=\"401\"}",
					1);
	wait_for_metric("barman_sidecar_requests_total{route=\"none\",status=\"404\"}", 1);
}

static void
jobs_are_counted_by_kind_state_and_duration(void **state)
{
	char *id;

	(void) state;
	start();
	id = submit("/v1/cron", "{}");
	json_decref(follow(id));
	free(id);
	wait_for_metric("barman_sidecar_jobs{kind=\"cron\",state=\"done\"}", 1);
	wait_for_metric("barman_sidecar_jobs_ended_total{kind=\"cron\",state=\"done\"}", 1);
	expect_metric("barman_sidecar_jobs_ended_total{kind=\"cron\",state=\"failed\"}", 0);
	expect_metric("barman_sidecar_job_duration_seconds_bucket{kind=\"cron\",le=\"+Inf\"}", 1);
	expect_metric("barman_sidecar_job_duration_seconds_count{kind=\"cron\"}", 1);
}

static size_t
count_bytes(char *data, size_t size, size_t count, void *length)
{
	(void) data;
	*(size_t *) length += size * count;
	return size * count;
}

/* 100 servers of 200 backups: the cheapest of some scrapes, because the machine may be busy */
static void
a_scrape_of_many_servers_is_fast(void **state)
{
	double best = 1;
	size_t length = 0;

	(void) state;
	answer_command("list-servers",
				   "c='{'; for i in $(seq 100 199); do printf '%s\"s%s\": {\"description\": \"\"}' \"$c\" $i; c=,; done; echo '}'\n");
	answer_command("list-backups",
				   "printf '{\"%s\": [' \"$2\"\n"
				   "seq 999 -1 800 | sed 's/.*/{\"backup_id\": \"20261122T000&\", \"backup_type\": \"full\", \"status\": \"DONE\", "
				   "\"end_time_timestamp\": \"1795300000\", \"size_bytes\": 123456789&, \"wal_size_bytes\": 987654321&},/; $s/,$//'\n"
				   "printf ']}'\n");
	answer_command("diagnose",
				   "printf '{\"global\": {}, \"models\": {}, \"servers\": {'\n"
				   "for i in $(seq 100 199); do printf '%s\"s%s\": {\"config\": {}, \"status\": {}, \"backups\": {}}' \"${c-}\" $i; c=,; done\n"
				   "printf '}}\\n'\n");
	start_with(collects);
	wait_for_metric("barman_metrics_update{server=\"s199\"}", 1);
	for (int i = 0; i < 30; i++)
	{
		Response response;
		struct curl_slist *headers = prepare(curl, &response, "GET", "/metrics", NULL, TOKEN);

		/* so few are not shared with the scrape before; and we only count what comes */
		length = 0;
		curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, count_bytes);
		curl_easy_setopt(curl, CURLOPT_WRITEDATA, &length);
		curl_easy_perform(curl);
		finish(curl, &response);
		assert_int_equal(response.status, 200);
		best = response.seconds < best ? response.seconds : best;
		release(&response);
		curl_slist_free_all(headers);
	}
	print_message("%zu bytes in %.1f ms\n", length, best * 1000);
	/* each backup has two lines */
	assert_true(length > 100 * 200 * 2 * 40);
	assert_true(best < 0.05);
}

/* In this process: clients that take no answer hold texts, and those are limited. */
static void
slow_scrapers_share_their_texts(void **state)
{
	Answer *held[400];
	int different = 0;

	(void) state;
	for (int i = 0; i < 400; i++)
	{
		bool known = false;

		held[i] = scrape_answer();
		assert_int_equal(held[i]->status, 200);
		for (int n = 0; n < i; n++)
			known = known || held[n] == held[i];
		different += !known;
	}
	assert_true(different > 1);
	assert_true(different <= 16);
	for (int i = 0; i < 400; i++)
		answer_release(held[i]);
	scrape_forget();
}

/* A flood makes no more texts than a second allows, and those that come apart are new. */
static void
floods_share_their_texts(void **state)
{
	Answer *before = NULL;
	int64_t began = monotonic_ms();
	int different = 0;

	(void) state;
	for (int i = 0; i < 20000; i++)
	{
		Answer *answer = scrape_answer();

		different += answer != before;
		/* held meanwhile: another text cannot have its address */
		answer_release(before);
		before = answer;
	}
	answer_release(before);
	assert_true(different <=
				40 * ((monotonic_ms() - began) / 1000 + 1) + (monotonic_ms() - began) / 50 + 1);
	scrape_forget();
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		HTTP_TEST(metrics_are_what_barman_says),
		HTTP_TEST(what_cannot_be_had_is_absent_and_said),
		HTTP_TEST(without_a_list_of_servers_no_server_has_metrics),
		HTTP_TEST(values_of_a_barman_that_hangs_vanish),
		HTTP_TEST(incremental_backups_are_apart),
		HTTP_TEST(servers_that_are_not_active_are_not_asked),
		HTTP_TEST(scrapes_do_not_make_barman_run_more_often),
		HTTP_TEST(nothing_is_read_while_nobody_scrapes),
		HTTP_TEST(labels_hold_what_barman_says),
		HTTP_TEST(the_open_listener_has_the_metrics_alone),
		HTTP_TEST(the_open_listener_refuses_pages),
		HTTP_TEST(the_open_listener_is_no_path),
		HTTP_TEST(requests_are_counted_by_route_and_status),
		HTTP_TEST(jobs_are_counted_by_kind_state_and_duration),
		HTTP_TEST(a_scrape_of_many_servers_is_fast),
		cmocka_unit_test(slow_scrapers_share_their_texts),
		cmocka_unit_test(floods_share_their_texts),
	};

	return RUN_HTTP_TESTS(argc, argv, tests);
}
