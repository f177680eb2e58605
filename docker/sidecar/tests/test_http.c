/*
 * test_http.c
 *
 * The program as its callers and its operator meet it: over HTTP, by signals,
 * and after crashes.
 */
#include <regex.h>

#include "raw_fixture.h"

/* ---- who may in ---- */

static void
health_needs_no_token_but_tells_more_with_one(void **state)
{
	Response response;
	int64_t began = monotonic_ms();
	bool known;

	(void) state;
	start();
	response = request_as(NULL, "GET", "/healthz", NULL);
	assert_int_equal(response.status, 200);
	assert_string_equal(response.body, "{\"status\":\"ok\"}");
	release(&response);
	response = request_as("wrong", "GET", "/healthz", NULL);
	assert_int_equal(response.status, 401);
	release(&response);
	do
	{
		response = get("/healthz");
		assert_int_equal(response.status, 200);
		assert_string_equal(text_in(response.value, "version"), "1.0");
		assert_true(json_is_number(json_object_get(response.value, "uptime_seconds")));
		known = strcmp(text_in(response.value, "barman_version"), "3.13.3") == 0;
		release(&response);
	} while (!known && look_again(began));
	assert_true(known);
}

static void
all_else_needs_the_token(void **state)
{
	const char *paths[] = {"/v1/servers", "/v1/jobs", "/metrics", "/nonsense", "/v1", "//"};
	Response response;

	(void) state;
	start();
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
	{
		response = request_as(NULL, "GET", paths[i], NULL);
		assert_int_equal(response.status, 401);
		assert_non_null(strstr(response.headers, "WWW-Authenticate: Bearer"));
		release(&response);
		response = request_as("wrong", "GET", paths[i], NULL);
		assert_int_equal(response.status, 401);
		release(&response);
	}
	response = request_as(NULL, "POST", "/v1/cron", NULL);
	assert_int_equal(response.status, 401);
	release(&response);
	assert_int_equal(calls_of("cron"), 0);
	assert_null(strstr(read_text("log"), TOKEN));
}

static void
a_rotated_token_counts_at_once(void **state)
{
	Response response;

	(void) state;
	start();
	response = get("/v1/jobs");
	assert_int_equal(response.status, 200);
	release(&response);
	write_file("token", "another\n");
	response = get("/v1/jobs");
	assert_int_equal(response.status, 401);
	release(&response);
	response = request_as("another", "GET", "/v1/jobs", NULL);
	assert_int_equal(response.status, 200);
	release(&response);
	unlink(path_of("token"));
	response = request_as("another", "GET", "/v1/jobs", NULL);
	assert_int_equal(response.status, 503);
	release(&response);
}

/* ---- what may be said ---- */

static void
addresses_and_methods_are_exact(void **state)
{
	Response response;

	(void) state;
	start();
	expect_error("GET", "//", NULL, 404, "not_found");
	expect_error("GET", "/v1", NULL, 404, "not_found");
	expect_error("GET", "/v1/servers/", NULL, 404, "not_found");
	expect_error("GET", "/v1/servers/pg", NULL, 404, "not_found");
	expect_error("GET", "/v1//jobs", NULL, 404, "not_found");
	expect_error("GET", "/v1/servers/pg/backups/latest/x", NULL, 404, "not_found");
	expect_error("GET", "/v1/%zz", NULL, 400, "bad_request");
	expect_error("GET", "/v1/%00", NULL, 400, "bad_request");
	expect_error("DELETE", "/v1/jobs", NULL, 405, "method_not_allowed");
	expect_error("GET", "/v1/cron", NULL, 405, "method_not_allowed");
	response = request_as(TOKEN, "PUT", "/v1/servers/pg/backups", "{}");
	assert_int_equal(response.status, 405);
	assert_non_null(strstr(response.headers, "Allow: GET, HEAD, POST\r\n"));
	release(&response);
	response = request_as(TOKEN, "HEAD", "/v1/jobs", NULL);
	assert_int_equal(response.status, 200);
	assert_null(response.body);
	release(&response);
}

static void
bodies_are_checked(void **state)
{
	char *large = mem_alloc(70001);
	char *larger = mem_alloc(3000001);
	char *largest = mem_alloc(33 * 1024 * 1024 + 1);
	Response response;

	(void) state;
	start();
	expect_error("POST", "/v1/cron", "{", 400, "bad_request");
	expect_error("POST", "/v1/cron", "[]", 400, "bad_request");
	expect_error("POST", "/v1/cron", "{\"x\":1}", 400, "bad_argument");
	expect_error("POST", "/v1/servers/pg/backups", "{\"nmae\":\"x\"}", 400, "bad_argument");
	expect_error("POST", "/v1/servers/pg/backups", "{\"name\":7}", 400, "bad_argument");
	expect_error("POST", "/v1/servers/pg/backups", "{\"timeout_seconds\":-1}", 400, "bad_argument");
	expect_error("POST", "/v1/servers/pg/switch-wal", "{\"wal_file\":\"../x\"}", 400, "bad_argument");
	expect_error("GET", "/v1/jobs/x?wait=-1", NULL, 400, "bad_argument");
	expect_error("GET", "/v1/jobs/x?wait=61", NULL, 400, "bad_argument");
	expect_error("GET", "/v1/jobs/x?after=1x", NULL, 400, "bad_argument");
	memset(large, ' ', 70000);
	expect_error("POST", "/v1/cron", large, 413, "too_large");
	/* the tables of a mark are many */
	expect_error("POST", "/v1/servers/pg/drills", large, 400, "bad_request");
	memset(larger, ' ', 3000000);
	response = post("/v1/cron", larger);
	assert_true(response.status == 413 || response.status == 0);
	release(&response);
	expect_error("POST", "/v1/servers/pg/drills", larger, 400, "bad_request");
	memset(largest, ' ', 33 * 1024 * 1024);
	response = post("/v1/servers/pg/drills", largest);
	assert_true(response.status == 413 || response.status == 0);
	release(&response);
	free(large);
	free(larger);
	free(largest);
	response = get("/v1/jobs");
	assert_string_equal(response.body, "{\"jobs\":[]}");
	release(&response);
}

static void
what_is_no_backup_never_reaches_barman(void **state)
{
	(void) state;
	start();
	expect_error("GET", "/v1/servers/nope/backups", NULL, 404, "unknown_server");
	expect_error("GET", "/v1/servers/-x/backups", NULL, 400, "bad_server_name");
	expect_error("GET", "/v1/servers/..%2f..%2fetc/check", NULL, 400, "bad_server_name");
	expect_error("GET", "/v1/servers//check", NULL, 400, "bad_server_name");
	expect_error("GET", "/v1/servers/all/check", NULL, 400, "bad_server_name");
	expect_error("GET", "/v1/servers/pg/backups/", NULL, 400, "bad_backup_id");
	expect_error("GET", "/v1/servers/pg/backups/-", NULL, 400, "bad_backup_id");
	expect_error("GET", "/v1/servers/pg/backups/..%2Fx", NULL, 400, "bad_backup_id");
	expect_error("GET", "/v1/servers/pg/backups/latest;%20rm", NULL, 400, "bad_backup_id");
	expect_error("GET", "/v1/servers/pg/backups/nosuchname", NULL, 404, "unknown_backup");
	expect_error("GET", "/v1/servers/pg/files/etc", NULL, 400, "bad_area");
	expect_error("POST", "/v1/servers/pg/backups", "{\"incremental\":\"\"}", 400, "bad_backup_id");
	expect_error("POST", "/v1/servers/pg/backups", "{\"incremental\":\"nosuch\"}", 404,
				 "unknown_backup");
	expect_error("POST", "/v1/servers/pg/backups", "{\"name\":\"a b\"}", 400, "bad_argument");
	expect_error("POST", "/v1/servers/pg/backups", "{\"name\":\"latest\"}", 400, "bad_argument");
	assert_int_equal(calls_of("show-backup"), 0);
	assert_int_equal(calls_of(" backup"), 0);
	assert_int_equal(calls_of("check"), 0);
	assert_int_equal(calls_of(".."), 0);
}

static void
an_invented_id_never_reaches_barman(void **state)
{
	Response response;

	(void) state;
	start();
	shell("mkdir -p %s/home/base/20261122T081530 && echo DONE > %s/home/base/20261122T081530/backup.info",
		  home, home);
	/* from here on it is known where the backups are */
	response = get("/v1/servers/pg/disks");
	assert_int_equal(response.status, 200);
	release(&response);
	for (int i = 0; i < 200; i++)
	{
		char *path = mem_printf("/v1/servers/pg/backups/19990101T000%03d", i);

		expect_error("GET", path, NULL, 404, "unknown_backup");
		free(path);
	}
	assert_int_equal(calls_of("show-backup"), 0);
	response = get("/v1/servers/pg/backups/20261122T081530");
	assert_int_equal(response.status, 200);
	release(&response);
	assert_int_equal(calls_of("show-backup"), 1);
}

static void
a_name_is_translated_to_its_backup(void **state)
{
	Response response;

	(void) state;
	start();
	shell("mkdir -p %s/home/base/20261122T081530 && echo DONE > %s/home/base/20261122T081530/backup.info",
		  home, home);
	response = get("/v1/servers/pg/backups/n20261122T081530");
	assert_int_equal(response.status, 200);
	release(&response);
	assert_int_equal(calls_of("show-backup pg 20261122T081530"), 1);
	expect_error("POST", "/v1/servers/pg/backups", "{\"name\":\"n20261122T081530\"}", 409,
				 "conflict");
}

static void
an_old_barman_cannot_take_incrementals(void **state)
{
	(void) state;
	write_file("--version.sh", "echo '3.4.0 Barman by EnterpriseDB (www.enterprisedb.com)'");
	start();
	expect_error("POST", "/v1/servers/pg/backups", "{\"incremental\":\"latest\"}", 422,
				 "unsupported_by_barman");
}

/* ---- reads ---- */

static void
is_good(Response *response)
{
	assert_int_equal(response->status, 200);
	assert_non_null(strstr(response->headers, "Age: "));
	assert_true(json_is_array(json_object_get(response->value, "backups")));
}

static void
together_they_run_barman_once(void **state)
{
	Response response;

	(void) state;
	write_file("list-backups.sh", "sleep 0.5; printf '{\"%s\": []}' \"$2\"");
	start();
	response = get("/v1/servers/pg/check"); /* learn where the catalogue is */
	release(&response);
	usleep(300000);
	get_together("/v1/servers/pg/backups", 40, is_good);
	assert_int_equal(calls_of("list-backups"), 1);
	get_together("/v1/servers/pg/backups", 40, is_good);
	assert_int_equal(calls_of("list-backups"), 1);
}

static void
a_change_of_the_catalogue_is_seen(void **state)
{
	Response response;

	(void) state;
	start();
	response = get("/v1/servers/pg/check");
	release(&response);
	usleep(300000);
	response = get("/v1/servers/pg/backups");
	assert_int_equal(json_array_size(json_object_get(response.value, "backups")), 0);
	release(&response);
	shell("mkdir -p %s/home/base/20261122T081530 && echo DONE > %s/home/base/20261122T081530/backup.info",
		  home, home);
	response = get("/v1/servers/pg/backups");
	assert_int_equal(json_array_size(json_object_get(response.value, "backups")), 1);
	release(&response);
}

static void
a_hanging_barman_is_ended(void **state)
{
	const char *extra[] = {"--read-timeout=1", NULL};
	Response response;
	pid_t pid;

	(void) state;
	write_file("check.sh", "echo $$ > $FAKE_BARMAN/hanging; exec sleep 300");
	start_with(extra);
	response = get("/v1/servers/pg/check");
	assert_int_equal(response.status, 504);
	assert_string_equal(text_in(json_object_get(response.value, "error"), "code"), "barman_timeout");
	assert_true(response.seconds < 5);
	release(&response);
	pid = atoi(read_text("hanging"));
	assert_true(pid > 1);
	assert_true(wait_until_gone(pid));
}

/* What the list lacks stands in Barman's own record of the backup. */
static void
a_hanging_diagnose_costs_nothing(void **state)
{
	/* the time is for list-backups too, which a busy machine runs slowly */
	const char *extra[] = {"--read-timeout=5", NULL};
	Response response;
	json_t *backup;

	(void) state;
	shell("mkdir -p %s/home/base/20261122T081530 && echo DONE > %s/home/base/20261122T081530/backup.info",
		  home, home);
	shell("mkdir -p %s/home/meta && printf 'begin_time=2026-11-22 08:15:30.5+00:00\\nmode=postgres\\nerror=None\\n"
		  "status=DONE\\nsystemid=7710873587336078004\\n' > %s/home/meta/20261122T081530-backup.info",
		  home, home);
	write_file("diagnose.sh", "exec sleep 300");
	start_with(extra);
	/* where the records are is known once it was asked */
	response = get("/v1/servers/pg/files/base");
	assert_int_equal(response.status, 200);
	release(&response);
	response = get("/v1/servers/pg/backups");
	assert_int_equal(response.status, 200);
	backup = json_array_get(json_object_get(response.value, "backups"), 0);
	assert_string_equal(text_in(backup, "status"), "DONE");
	assert_string_equal(text_in(backup, "begin_time"), "2026-11-22T08:15:30.500000Z");
	assert_string_equal(text_in(backup, "type"), "full");
	release(&response);
}

static void
what_could_not_be_had_is_an_error(void **state)
{
	const char *extra[] = {"--read-timeout=5", NULL};

	(void) state;
	shell("mkdir -p %s/home/base/20261122T081530 && echo DONE > %s/home/base/20261122T081530/backup.info",
		  home, home);
	write_file("diagnose.sh", "exec sleep 300");
	start_with(extra);
	expect_error("GET", "/v1/servers/pg/backups", NULL, 504, "barman_timeout");
}

static void
diagnose_tells_what_an_old_show_backup_does_not(void **state)
{
	Response response;
	json_t *backup;

	(void) state;
	shell("mkdir -p %s/home/base/20261122T081530 && echo DONE > %s/home/base/20261122T081530/backup.info",
		  home, home);
	write_file("diagnose.sh",
			   "printf '{\"global\": {}, \"models\": {}, \"servers\": {\"pg\": {\"config\": {}, "
			   "\"status\": {}, \"backups\": {\"20261122T081530\": {\"backup_id\": \"20261122T081530\", "
			   "\"mode\": \"postgres\", \"systemid\": \"7\"}}}}}'");
	start();
	response = get("/v1/servers/pg/backups/20261122T081530");
	assert_int_equal(response.status, 200);
	backup = json_object_get(response.value, "backup");
	assert_string_equal(text_in(backup, "type"), "full");
	assert_string_equal(text_in(backup, "system_id"), "7");
	release(&response);
}

static void
without_diagnose_the_rest_of_a_backup_is_told(void **state)
{
	Response response;
	json_t *backup;

	(void) state;
	write_file("diagnose.sh", "exit 1");
	shell("mkdir -p %s/home/base/20261122T081530 && echo DONE > %s/home/base/20261122T081530/backup.info",
		  home, home);
	start();
	response = get("/v1/servers/pg/backups/20261122T081530");
	assert_int_equal(response.status, 200);
	backup = json_object_get(response.value, "backup");
	assert_string_equal(text_in(backup, "status"), "DONE");
	assert_true(json_is_null(json_object_get(backup, "type")));
	release(&response);
}

static void
garbage_is_barmans_failure_not_ours(void **state)
{
	(void) state;
	start();
	write_file("check.sh", "echo 'Traceback (most recent call last)' >&2; exit 1");
	expect_error("GET", "/v1/servers/pg/check", NULL, 502, "barman_failed");
	write_file("status.sh", "printf '{\"pg\": '");
	expect_error("GET", "/v1/servers/pg/status", NULL, 502, "barman_failed");
	write_file("replication-status.sh", "echo 'usage: barman' >&2; exit 2");
	expect_error("GET", "/v1/servers/pg/replication", NULL, 502, "barman_failed");
	write_file("diagnose.sh", "exec cat /dev/zero");
	expect_error("GET", "/v1/diagnose", NULL, 502, "barman_failed");
	/* and an error is not remembered for long */
	unlink(path_of("check.sh"));
	usleep(1100000);
	{
		Response response = get("/v1/servers/pg/check");

		assert_int_equal(response.status, 200);
		release(&response);
	}
}

static void
files_are_listed(void **state)
{
	Response response;
	json_t *file;

	(void) state;
	shell("mkdir -p %s/home/base/20261122T081530/data %s/home/wals/0000000100000000", home, home);
	shell("cd %s/home && head -c 100 /dev/zero > base/20261122T081530/data/x && head -c 10 /dev/zero > base/20261122T081530/backup.info"
		  " && head -c 16 /dev/zero > wals/0000000100000000/000000010000000000000003 && ln -s /etc wals/etc",
		  home);
	start();
	response = get("/v1/servers/pg/files/base");
	assert_int_equal(response.status, 200);
	file = json_array_get(json_object_get(response.value, "files"), 0);
	assert_string_equal(text_in(file, "name"), "20261122T081530");
	assert_int_equal(json_integer_value(json_object_get(file, "bytes")), 110);
	assert_true(json_is_true(json_object_get(file, "is_directory")));
	assert_true(json_is_false(json_object_get(response.value, "truncated")));
	release(&response);
	response = get("/v1/servers/pg/files/wals");
	assert_int_equal(json_array_size(json_object_get(response.value, "files")), 3);
	file = json_array_get(json_object_get(response.value, "files"), 1);
	assert_string_equal(text_in(file, "name"), "0000000100000000/000000010000000000000003");
	assert_int_equal(json_integer_value(json_object_get(file, "bytes")), 16);
	release(&response);
}

/* ---- long polls ---- */

static void
has_waited(Response *response)
{
	assert_int_equal(response->status, 200);
	assert_true(response->seconds > 0.9 && response->seconds < 10);
}

static void
long_polls_hold_nobody_up(void **state)
{
	char *id;
	char *path;
	CURLM *multi = curl_multi_init();
	CURL *handles[60];
	Response responses[60];
	struct curl_slist *headers[60];
	Response response;

	(void) state;
	write_file("backup.seconds", "300");
	start();
	id = submit("/v1/servers/pg/backups", "{}");
	wait_for_phase(id, "copying");
	path = mem_printf("/v1/jobs/%s?after=1000&wait=2", id);
	for (int i = 0; i < 60; i++)
	{
		handles[i] = curl_easy_init();
		headers[i] = prepare(handles[i], &responses[i], "GET", path, NULL, TOKEN);
		curl_multi_add_handle(multi, handles[i]);
	}
	assert_int_equal(let_run(multi, 10), 60);
	response = get("/healthz");
	assert_int_equal(response.status, 200);
	assert_true(response.seconds < 1.5);
	release(&response);
	let_end(multi);
	for (int i = 0; i < 60; i++)
	{
		finish(handles[i], &responses[i]);
		has_waited(&responses[i]);
		release(&responses[i]);
		curl_multi_remove_handle(multi, handles[i]);
		curl_easy_cleanup(handles[i]);
		curl_slist_free_all(headers[i]);
	}
	curl_multi_cleanup(multi);
	free(path);
	free(id);
}

static void
who_hangs_up_is_forgotten(void **state)
{
	int64_t began;
	char *id;
	char *text;
	int before;
	int fd;

	(void) state;
	write_file("backup.seconds", "300");
	start();
	id = submit("/v1/servers/pg/backups", "{}");
	wait_for_phase(id, "copying");
	text = mem_printf("GET /v1/jobs/%s?after=1000&wait=1 HTTP/1.1\r\nHost: localhost\r\n"
					  "Authorization: Bearer " TOKEN "\r\n\r\n",
					  id);
	before = descriptors();
	began = monotonic_ms();
	for (int i = 0; i < 30; i++)
	{
		fd = open_raw(text);
		usleep(2000);
		close(fd);
	}
	while (abs(descriptors() - before) > 1)
		assert_true(look_again(began));
	/* neither do half requests and noise disturb it */
	for (int i = 0; i < 20; i++)
		close(open_raw(i % 2 ? "GET /v1/jobs HTT"
							 : "\x16\x03\x01\x02\x00\x01\x00\xff garbage\r\n\r\n"));
	{
		Response response = get("/healthz");

		assert_int_equal(response.status, 200);
		release(&response);
	}
	free(text);
	free(id);
}

/* As https://prometheus.io/docs/instrumenting/exposition_formats/ has it */
static void
metrics_are_what_prometheus_reads(void **state)
{
	Response response;
	regex_t comment;
	regex_t sample;
	char described[64] = "";
	char typed[64] = "";
	char *rest;
	int samples = 0;

	(void) state;
	regcomp(&comment, "^# (HELP [a-z_]+ [^ ].*|TYPE [a-z_]+ (counter|gauge|histogram))$",
			REG_EXTENDED | REG_NOSUB);
	regcomp(&sample,
			"^[a-z_]+([{][a-z_]+=\"[^\"\\]*\"(,[a-z_]+=\"[^\"\\]*\")*[}])? -?[0-9]+([.][0-9]+)?(e[+-]?[0-9]+)?$",
			REG_EXTENDED | REG_NOSUB);
	start();
	free(submit("/v1/servers/pg/backups", "{}"));
	response = get("/metrics");
	assert_int_equal(response.status, 200);
	assert_non_null(strstr(response.headers, "Content-Type: text/plain; version=0.0.4"));
	assert_int_equal(response.body[response.length - 1], '\n');
	for (char *line = strtok_r(response.body, "\n", &rest); line != NULL;
		 line = strtok_r(NULL, "\n", &rest))
	{
		char name[64];

		/* each family is described, then typed, then given */
		if (line[0] == '#')
		{
			assert_int_equal(regexec(&comment, line, 0, NULL, 0), 0);
			assert_int_equal(sscanf(line + 7, "%63s", name), 1);
			if (line[2] == 'H')
				strcpy(described, name);
			else
				strcpy(typed, name);
			assert_string_equal(name, described);
			continue;
		}
		if (regexec(&sample, line, 0, NULL, 0) != 0)
			fail_msg("no sample: %s", line);
		assert_int_equal(sscanf(line, "%63[a-z_]", name), 1);
		/* a histogram has _bucket, _sum and _count */
		assert_memory_equal(name, typed, strlen(typed));
		samples++;
	}
	assert_true(samples >= 9);
	release(&response);
	regfree(&comment);
	regfree(&sample);
}

static void
descriptors_stay_flat(void **state)
{
	const char *paths[] = {"/healthz",
						   "/v1/servers",
						   "/v1/jobs",
						   "/v1/servers/nope/check",
						   "/nonsense",
						   "/v1/servers/pg/files/wals",
						   "/v1/servers/pg/backups",
						   "/metrics"};
	int before;
	int64_t began;

	(void) state;
	start();
	for (int i = 0; i < 16; i++)
	{
		Response response = get(paths[i % 8]);

		release(&response);
	}
	usleep(500000);
	before = descriptors();
	for (int i = 0; i < 3000; i++)
	{
		Response response;

		if (i % 20 == 0)
		{
			/* a new connection now and then */
			curl_easy_cleanup(curl);
			curl = curl_easy_init();
		}
		response = get(paths[i % 8]);
		assert_true(response.status >= 200);
		release(&response);
	}
	began = monotonic_ms();
	while (abs(descriptors() - before) > 4)
		assert_true(look_again(began));
}

/* ---- its operator ---- */

static void
sigterm_cancels_and_records(void **state)
{
	char *id;
	char *file;
	pid_t copier;
	int64_t began;
	json_t *record;

	(void) state;
	write_file("backup.seconds", "300");
	start();
	id = submit("/v1/servers/pg/backups", "{}");
	wait_for_phase(id, "copying");
	copier = atoi(read_text("copier.pid"));
	began = monotonic_ms();
	assert_int_equal(terminate(), 0);
	/* far below the five minutes of the backup */
	assert_true(monotonic_ms() - began < 60000);
	assert_true(wait_until_gone(copier));
	assert_int_equal(count_of(read_text("interrupted"), "interrupted"), 1);
	file = mem_printf("state/%s.json", id);
	record = json_loads(read_text(file), 0, NULL);
	assert_string_equal(text_in(record, "state"), "cancelled");
	assert_string_equal(text_in(json_object_get(record, "error"), "code"), "shutting_down");
	json_decref(record);
	free(file);
	free(id);
}

static void
sigterm_answers_those_who_wait(void **state)
{
	char *id;
	char *path;
	pid_t helper;
	int status;

	(void) state;
	write_file("backup.seconds", "300");
	write_file("check.sh", "exec sleep 300");
	start();
	id = submit("/v1/servers/pg/backups", "{}");
	wait_for_phase(id, "copying");
	path = mem_printf("/v1/jobs/%s?after=1000&wait=60", id);
	helper = fork();
	if (helper == 0)
	{
		CURL *mine = curl_easy_init();
		Response response;

		prepare(mine, &response, "GET", path, NULL, TOKEN);
		curl_easy_perform(mine);
		finish(mine, &response);
		_exit(response.status == 200 &&
					  strcmp(text_in(json_object_get(response.value, "job"), "state"), "cancelled") == 0
				  ? 0
				  : 1);
	}
	usleep(300000);
	{
		CURLM *multi = curl_multi_init();
		CURL *mine = curl_easy_init();
		Response response;
		struct curl_slist *headers = prepare(mine, &response, "GET", "/v1/servers/pg/check", NULL,
											 TOKEN);

		curl_multi_add_handle(multi, mine);
		assert_int_equal(let_run(multi, 30), 1);
		kill(sidecar, SIGTERM);
		let_end(multi);
		finish(mine, &response);
		assert_int_equal(response.status, 503);
		release(&response);
		curl_multi_remove_handle(multi, mine);
		curl_easy_cleanup(mine);
		curl_multi_cleanup(multi);
		curl_slist_free_all(headers);
	}
	assert_int_equal(terminate(), 0);
	waitpid(helper, &status, 0);
	assert_int_equal(status, 0);
	free(path);
	free(id);
}

static void
daemons_of_barman_survive(void **state)
{
	const char *extra[] = {"--cron-interval=1", NULL};
	pid_t receiver;
	int64_t began = monotonic_ms();

	(void) state;
	write_file("cron.sh",
			   "[ -e $FAKE_BARMAN/receiver ] || { setsid sh -c 'echo $$ > $FAKE_BARMAN/receiver; exec sleep 600' </dev/null >/dev/null 2>&1 & }; printf '{}'");
	start_with(extra);
	while ((receiver = atoi(read_text("receiver"))) == 0)
		assert_true(look_again(began));
	assert_true(receiver > 1);
	while (calls_of("-q cron") < 2)
		assert_true(look_again(began));
	assert_int_equal(terminate(), 0);
	assert_int_equal(kill(receiver, 0), 0);
	kill(receiver, SIGKILL);
}

static void
a_failing_cron_is_told_once(void **state)
{
	const char *extra[] = {"--cron-interval=1", NULL};

	(void) state;
	write_file("cron.sh", "echo 'ERROR: no' >&2; exit 1");
	start_with(extra);
	sleep(3);
	assert_int_equal(terminate(), 0);
	assert_true(calls_of("-q cron") >= 2);
	assert_int_equal(count_of(read_text("log"), "barman cron failed"), 1);
}

static void
a_second_sidecar_is_refused(void **state)
{
	pid_t second;
	int status;

	(void) state;
	start();
	second = fork();
	if (second == 0)
	{
		char *state_dir = mem_printf("--state-dir=%s/state", home);
		char *barman_option = mem_printf("--barman=%s", barman);
		int null = open("/dev/null", O_WRONLY);

		dup2(null, STDERR_FILENO);
		execl(program, program, "--listen=127.0.0.1:0", state_dir, barman_option, (char *) NULL);
		_exit(127);
	}
	waitpid(second, &status, 0);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 1);
}

static void
no_zombie_is_left(void **state)
{
	char *command;
	int64_t began;

	(void) state;
	start();
	for (int i = 0; i < 5; i++)
	{
		char *id = submit("/v1/cron", NULL);

		json_decref(follow(id));
		free(id);
	}
	began = monotonic_ms();
	command = mem_printf("ps -o stat= --ppid %d | grep -q Z", (int) sidecar);
	while (system(command) == 0)
		assert_true(look_again(began));
	free(command);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		HTTP_TEST(health_needs_no_token_but_tells_more_with_one),
		HTTP_TEST(all_else_needs_the_token),
		HTTP_TEST(a_rotated_token_counts_at_once),
		HTTP_TEST(addresses_and_methods_are_exact),
		HTTP_TEST(bodies_are_checked),
		HTTP_TEST(what_is_no_backup_never_reaches_barman),
		HTTP_TEST(an_invented_id_never_reaches_barman),
		HTTP_TEST(a_name_is_translated_to_its_backup),
		HTTP_TEST(an_old_barman_cannot_take_incrementals),
		HTTP_TEST(together_they_run_barman_once),
		HTTP_TEST(a_change_of_the_catalogue_is_seen),
		HTTP_TEST(a_hanging_barman_is_ended),
		HTTP_TEST(a_hanging_diagnose_costs_nothing),
		HTTP_TEST(what_could_not_be_had_is_an_error),
		HTTP_TEST(diagnose_tells_what_an_old_show_backup_does_not),
		HTTP_TEST(without_diagnose_the_rest_of_a_backup_is_told),
		HTTP_TEST(garbage_is_barmans_failure_not_ours),
		HTTP_TEST(files_are_listed),
		HTTP_TEST(long_polls_hold_nobody_up),
		HTTP_TEST(who_hangs_up_is_forgotten),
		HTTP_TEST(metrics_are_what_prometheus_reads),
		HTTP_TEST(descriptors_stay_flat),
		HTTP_TEST(sigterm_cancels_and_records),
		HTTP_TEST(sigterm_answers_those_who_wait),
		HTTP_TEST(daemons_of_barman_survive),
		HTTP_TEST(a_failing_cron_is_told_once),
		HTTP_TEST(a_second_sidecar_is_refused),
		HTTP_TEST(no_zombie_is_left),
	};

	return RUN_HTTP_TESTS(argc, argv, tests);
}
