/*
 * test_http_jobs.c
 *
 * Jobs as those meet them who start, follow and cancel them; across restarts
 * and crashes of the program.
 */
#include "base/timestamp.h"
#include "sidecar_fixture.h"

/* Of one job, and how much it has to say */
#define POLLS		 50
#define RESULT_BYTES ((size_t) 1000 * 1000)
#define LOG_LINES	 1000

#define MANY_JOBS 900

/* Reads of one list: what they take is many ticks of the clock */
#define LISTS 50

/* ---- jobs ---- */

static void
a_backup_ends_when_the_catalogue_says_done(void **state)
{
	char *id;
	json_t *job;

	(void) state;
	start();
	id = submit("/v1/servers/pg/backups", "{\"name\":\"weekly\"}");
	job = follow(id);
	assert_string_equal(text_in(job, "state"), "done");
	assert_string_equal(text_in(json_object_get(json_object_get(job, "result"), "backup"), "status"),
						"DONE");
	assert_true(json_is_null(json_object_get(job, "error")));
	assert_true(json_is_null(json_object_get(job, "phase")));
	assert_true(json_number_value(json_object_get(job, "progress")) == 1.0);
	assert_int_equal(calls_of("backup --name weekly --immediate-checkpoint pg"), 1);
	assert_int_equal(calls_of("--wait"), 0);
	json_decref(job);
	free(id);
}

static void
two_backups_in_a_second_have_two_identifiers(void **state)
{
	char ids[2][32];

	(void) state;
	start();
	for (int i = 0; i < 2; i++)
	{
		char *id = submit("/v1/servers/pg/backups", "{}");
		json_t *job = follow(id);

		snprintf(ids[i], sizeof(ids[i]), "%s",
				 text_in(json_object_get(json_object_get(job, "result"), "backup"), "backup_id"));
		json_decref(job);
		free(id);
	}
	assert_string_not_equal(ids[0], ids[1]);
}

static void
a_backup_asks_for_wal_until_it_comes(void **state)
{
	char *id;
	char *path;
	json_t *job;
	Response response;

	(void) state;
	write_file("backup.status", "WAITING_FOR_WALS");
	start();
	id = submit("/v1/servers/pg/backups", "{\"immediate_checkpoint\":false}");
	wait_for_phase(id, "waiting_for_wal");
	path = mem_printf("/v1/jobs/%s", id);
	usleep(100000);
	response = get(path);
	assert_string_equal(text_in(json_object_get(response.value, "job"), "needs"), "wal");
	release(&response);
	shell("touch %s/home/streaming/000000010000000000000005", home);
	job = follow(id);
	assert_string_equal(text_in(job, "state"), "done");
	assert_true(json_is_null(json_object_get(job, "needs")));
	assert_int_equal(calls_of("--immediate-checkpoint"), 0);
	json_decref(job);
	free(path);
	free(id);
}

static void
a_timeout_of_the_backup_is_told(void **state)
{
	char *id;
	json_t *job;

	(void) state;
	write_file("backup.status", "WAITING_FOR_WALS");
	start();
	id = submit("/v1/servers/pg/backups", "{\"timeout_seconds\":2}");
	job = follow(id);
	assert_string_equal(text_in(job, "state"), "failed");
	assert_string_equal(text_in(json_object_get(job, "error"), "code"), "barman_timeout");
	json_decref(job);
	free(id);

	write_file("backup.seconds", "300");
	id = submit("/v1/servers/pg/backups", "{\"timeout_seconds\":1}");
	job = follow(id);
	assert_string_equal(text_in(job, "state"), "failed");
	assert_string_equal(text_in(json_object_get(job, "error"), "code"), "barman_timeout");
	assert_true(wait_until_gone(atoi(read_text("copier.pid"))));
	json_decref(job);
	free(id);
}

static void
a_failed_backup_fails_with_barmans_words(void **state)
{
	char *id;
	json_t *job;

	(void) state;
	start();
	write_file("backup.sh",
			   "printf '{\"_ERROR\": [\"Impossible to start the backup. Check the log for more details, or run '\\''barman check pg'\\''\"]}'; exit 1");
	write_file("check.sh",
			   "printf '{\"pg\": {\"receive_wal_running\": {\"status\": \"FAILED\", \"hint\": \"See the Barman log file\"}}}'; exit 1");
	id = submit("/v1/servers/pg/backups", "");
	job = follow(id);
	assert_string_equal(text_in(job, "state"), "failed");
	assert_string_equal(text_in(json_object_get(job, "error"), "code"), "barman_failed");
	assert_non_null(strstr(text_in(json_object_get(job, "error"), "detail"), "receive_wal_running"));
	json_decref(job);
	free(id);

	write_file("backup.sh", "printf '{\"_ERROR\": [\"Another backup process is running\"]}'; exit 1");
	id = submit("/v1/servers/pg/backups", "");
	job = follow(id);
	assert_string_equal(text_in(json_object_get(job, "error"), "code"), "backup_running");
	json_decref(job);
	free(id);
}

static void
a_second_backup_of_the_server_is_refused(void **state)
{
	char *id;
	Response response;
	json_t *error;

	(void) state;
	write_file("backup.seconds", "300");
	start();
	id = submit("/v1/servers/pg/backups", "{}");
	wait_for_phase(id, "copying");
	response = post("/v1/servers/pg/backups", "{}");
	assert_int_equal(response.status, 409);
	error = json_object_get(response.value, "error");
	assert_string_equal(text_in(error, "code"), "backup_running");
	assert_non_null(strstr(text_in(error, "detail"), id));
	release(&response);
	free(id);
	/* the fake's home is shared, so "other" would see the same backups */
	id = submit("/v1/servers/other/backups", "{}");
	free(id);
}

static void
a_cancelled_backup_is_tidied_up(void **state)
{
	char *id;
	char *path;
	Response response;
	json_t *job;

	(void) state;
	write_file("backup.seconds", "300");
	start();
	id = submit("/v1/servers/pg/backups", "{}");
	wait_for_phase(id, "copying");
	path = mem_printf("/v1/jobs/%s/cancel", id);
	response = post(path, "");
	assert_int_equal(response.status, 202);
	release(&response);
	job = follow(id);
	assert_string_equal(text_in(job, "state"), "cancelled");
	assert_true(json_is_object(json_object_get(job, "error")));
	assert_true(json_is_null(json_object_get(job, "phase")));
	json_decref(job);
	assert_int_equal(count_of(read_text("interrupted"), "interrupted"), 1);
	assert_true(wait_until_gone(atoi(read_text("copier.pid"))));
	expect_error("POST", path, "", 409, "job_ended");
	expect_error("POST", "/v1/jobs/nope/cancel", "", 404, "unknown_job");
	expect_error("GET", "/v1/jobs/nope", NULL, 404, "unknown_job");
	free(path);

	/* the server is free again */
	write_file("backup.seconds", "0");
	free(id);
	sleep(1); /* the fake names backups by the second */
	id = submit("/v1/servers/pg/backups", "{}");
	job = follow(id);
	assert_string_equal(text_in(job, "state"), "done");
	json_decref(job);
	free(id);
}

/* Barman takes its time to tidy up; the next backup waits for that. */
static void
a_backup_waits_for_the_end_of_a_cancelled_one(void **state)
{
	char *first;
	char *second;
	char *third;
	char *path;
	Response response;
	json_t *job;
	int64_t since;

	(void) state;
	write_file("backup.sh",
			   "echo $$ >> $FAKE_BARMAN/began\n"
			   "trap 'while [ ! -e $FAKE_BARMAN/let_end ]; do sleep 0.1; done; echo $$ >> $FAKE_BARMAN/ended; exit 1' INT\n"
			   "sleep 300 & wait");
	start();
	since = monotonic_ms();
	first = submit("/v1/servers/pg/backups", "{}");
	while (read_text("began")[0] == '\0')
		assert_true(look_again(since));
	path = mem_printf("/v1/jobs/%s/cancel", first);
	response = post(path, "");
	assert_int_equal(response.status, 202);
	release(&response);
	free(path);

	second = submit("/v1/servers/pg/backups", "{}");
	path = mem_printf("/v1/jobs/%s?wait=2", second);
	response = get(path);
	assert_string_equal(text_in(json_object_get(response.value, "job"), "state"), "queued");
	assert_non_null(strstr(response.body, first));
	release(&response);
	free(path);
	response = post("/v1/servers/pg/backups", "{}");
	assert_int_equal(response.status, 409);
	assert_non_null(strstr(response.body, second));
	release(&response);

	/* whom nobody waits for any more gives way at once */
	path = mem_printf("/v1/jobs/%s/cancel", second);
	response = post(path, "");
	release(&response);
	free(path);
	third = submit("/v1/servers/pg/backups", "{}");
	assert_int_equal(count_of(read_text("began"), "\n"), 1);
	job = follow(second);
	assert_string_equal(text_in(job, "state"), "cancelled");
	json_decref(job);
	write_file("let_end", "");
	job = follow(first);
	assert_string_equal(text_in(job, "state"), "cancelled");
	json_decref(job);
	while (count_of(read_text("began"), "\n") < 2)
		assert_true(look_again(since));
	/* by itself, unless this machine is so slow that its grace was over before */
	assert_true(count_of(read_text("ended"), "\n") <= 1);
	free(first);
	free(second);
	free(third);
}

static void
a_segment_is_waited_for(void **state)
{
	char *id;
	json_t *job;
	Response response;

	(void) state;
	start();
	response = get("/v1/servers/pg/files/wals");
	release(&response);
	id = submit("/v1/servers/pg/switch-wal",
				"{\"wal_file\":\"000000010000000000000007\",\"timeout_seconds\":20}");
	usleep(500000);
	shell("touch %s/home/streaming/000000010000000000000007", home);
	job = follow(id);
	assert_string_equal(text_in(job, "state"), "done");
	assert_string_equal(text_in(job, "kind"), "switch-wal");
	assert_true(json_is_true(json_object_get(json_object_get(job, "result"), "archived")));
	json_decref(job);
	free(id);
	id = submit("/v1/servers/pg/switch-wal",
				"{\"wal_file\":\"000000010000000000000008\",\"timeout_seconds\":1}");
	job = follow(id);
	assert_string_equal(text_in(job, "state"), "done");
	assert_true(json_is_false(json_object_get(json_object_get(job, "result"), "archived")));
	json_decref(job);
	free(id);
}

static void
many_segments_are_one_line(void **state)
{
	char *id;
	char *log;

	(void) state;
	start();
	write_file("cron.sh",
			   "printf '{\"_INFO\": [\"Processing\"'\n"
			   "for i in 1 2 3 4 5 6 7 8 9; do printf ', \"\\\\t00000001000000000000000%d\"' $i; done\n"
			   "printf ', \"Processing\", \"\\\\t00000001000000000000000A\", \"\\\\tother\"]}'");
	id = submit("/v1/cron", NULL);
	json_decref(follow(id));
	log = mem_printf("state/%s.log", id);
	assert_int_equal(count_of(read_text(log), "\\t"), 3);
	assert_non_null(strstr(read_text(log),
						   "\\t9 segments, 000000010000000000000001 to 000000010000000000000009\""));
	assert_non_null(strstr(read_text(log), "\\t00000001000000000000000A\""));
	assert_non_null(strstr(read_text(log), "\\tother\""));
	free(log);
	free(id);
}

/* Neither a running nor an ended job has anybody hold megabytes for an answer. */
static void
a_long_log_comes_in_pages(void **state)
{
	char *id;
	char *path;
	json_t *job;
	Response response;

	(void) state;
	write_file("cron.sh",
			   "printf '{\"_INFO\": [\"first\"'; text=$(printf '%3000s' x | tr ' ' x)\n"
			   "i=0; while [ $i -lt 800 ]; do printf ', \"%s %s\"' $i $text; i=$((i + 1)); done; printf ']}'\n");
	start();
	id = submit("/v1/cron", "{}");
	job = follow(id); /* which asks for page after page */
	assert_string_equal(text_in(job, "state"), "done");
	assert_true(json_integer_value(json_object_get(job, "log_lines")) > 800);
	json_decref(job);
	path = mem_printf("/v1/jobs/%s", id);
	response = get(path);
	assert_true(json_is_true(json_object_get(response.value, "more")));
	assert_true(response.length >= 125000 && response.length <= 1300000);
	release(&response);
	free(path);
	path = mem_printf("/v1/jobs/%s?after=790", id);
	response = get(path);
	assert_null(json_object_get(response.value, "more"));
	release(&response);
	free(path);
	free(id);
}

static void
cron_is_a_job_too(void **state)
{
	char *id;
	json_t *job;

	(void) state;
	start();
	id = submit("/v1/cron", NULL);
	job = follow(id);
	assert_string_equal(text_in(job, "state"), "done");
	assert_true(json_is_null(json_object_get(job, "server")));
	assert_string_equal(json_string_value(
							json_array_get(json_object_get(json_object_get(job, "result"), "messages"),
										   0)),
						"Starting WAL archiving for server pg");
	json_decref(job);
	free(id);
}

static void
a_job_is_lost_when_the_sidecar_crashes(void **state)
{
	char *id;
	char *path;
	pid_t copier;
	json_t *job;

	(void) state;
	write_file("backup.seconds", "300");
	start();
	id = submit("/v1/servers/pg/backups", "{}");
	wait_for_phase(id, "copying");
	copier = atoi(read_text("copier.pid"));
	crash();
	start();
	job = follow(id);
	assert_string_equal(text_in(job, "state"), "lost");
	json_decref(job);
	assert_true(wait_until_gone(copier));
	path = mem_printf("/v1/jobs/%s/cancel", id);
	expect_error("POST", path, "", 409, "job_ended");
	free(path);
	free(id);
}

/* POC_CRASHES of them, or a few; each job stays on record, and nothing that it started runs on. */
static void
crashes_in_the_middle_lose_nothing(void **state)
{
	const char *extra[] = {"--max-backups-per-hour=0", NULL};
	int crashes = atoi(getenv("POC_CRASHES") != NULL ? getenv("POC_CRASHES") : "3");
	char *ids[200];
	Response response;

	(void) state;
	assert_true(crashes > 0 && crashes <= 200);
	write_file("backup.seconds", "300");
	start_with(extra);
	for (int i = 0; i < crashes; i++)
	{
		pid_t copier;

		ids[i] = submit("/v1/servers/pg/backups", "{}");
		/* at any moment: sometimes before Barman has been started */
		if (i % 3 != 0)
			wait_for_phase(ids[i], "copying");
		copier = i % 3 != 0 ? atoi(read_text("copier.pid")) : 0;
		crash();
		start_with(extra);
		if (copier != 0)
			assert_true(wait_until_gone(copier));
		for (int j = i < 3 ? 0 : i - 2; j <= i; j++)
		{
			json_t *job = follow(ids[j]);

			assert_string_equal(text_in(job, "state"), "lost");
			json_decref(job);
		}
	}
	response = get("/v1/jobs");
	assert_int_equal(json_array_size(json_object_get(response.value, "jobs")), crashes);
	release(&response);
	for (int i = 0; i < crashes; i++)
		free(ids[i]);
}

static void
ended_jobs_survive_a_restart(void **state)
{
	char *id;
	json_t *before;
	json_t *after;

	(void) state;
	start();
	id = submit("/v1/servers/pg/backups", "{}");
	before = follow(id);
	assert_int_equal(terminate(), 0);
	start();
	after = follow(id);
	assert_true(json_equal(before, after));
	json_decref(before);
	json_decref(after);
	free(id);
}

/* As many records as the sidecar keeps, with long words of Barman's */
static void
write_many_records(void)
{
	shell("mkdir -p %s/state", home);
	for (int i = 0; i < MANY_JOBS; i++)
	{
		char *name = mem_printf("state/many-%03d.json", i);
		char now[TIMESTAMP_LENGTH];
		char *text;

		timestamp_format(timestamp_now(), now);
		text = mem_printf("{\"id\": \"many-%03d\", \"kind\": \"backup\", \"server\": \"pg\", \"state\": \"failed\", "
						  "\"created\": \"%s\", \"log_lines\": 0, \"error\": {\"code\": \"barman_failed\", "
						  "\"message\": \"%0900d\", \"detail\": \"%0900d\"}}",
						  i, now, i, i);

		write_file(name, text);
		chmod(path_of(name), 0600);
		free(text);
		free(name);
	}
}

/* The thread that serves all connections makes each text once: to parse them takes many times as long. */
static void
a_list_takes_little_of_others_time(void **state)
{
	Response response;
	json_t *list = NULL;
	long served;
	long parsed;
	char *id;

	(void) state;
	write_many_records();
	start();
	response = get("/v1/jobs");
	served = processor_time(sidecar);
	for (int i = 0; i < LISTS; i++)
	{
		release(&response);
		response = get("/v1/jobs");
	}
	served = processor_time(sidecar) - served;
	parsed = processor_time(getpid());
	for (int i = 0; i < LISTS; i++)
	{
		json_decref(list);
		list = json_loads(response.body, 0, NULL);
		assert_int_equal(json_array_size(json_object_get(list, "jobs")), MANY_JOBS);
	}
	parsed = processor_time(getpid()) - parsed;
	json_decref(list);
	release(&response);
	if (served >= parsed / 2)
		fail_msg("%d lists took the sidecar %ld ticks, and parsing them %ld", LISTS, served, parsed);

	/* what changes is told as it is */
	id = submit("/v1/cron", "{}");
	json_decref(follow(id));
	response = get("/v1/jobs?limit=1");
	assert_string_equal(text_in(json_array_get(json_object_get(response.value, "jobs"), 0), "id"),
						id);
	assert_string_equal(text_in(json_array_get(json_object_get(response.value, "jobs"), 0), "state"),
						"done");
	assert_true(json_is_true(json_object_get(response.value, "more")));
	release(&response);
	free(id);
}

/* A job that is done, whose result is as large as one may be and of many parts, and its long log */
static void
write_large_job(void)
{
	char *text = mem_alloc(2 * RESULT_BYTES);
	char now[TIMESTAMP_LENGTH];
	size_t length;
	FILE *log;

	timestamp_format(timestamp_now(), now);
	length = (size_t)
		sprintf(text,
				"{\"id\": \"large\", \"kind\": \"changes\", \"server\": \"pg\", \"state\": \"done\", "
				"\"created\": \"%s\", \"log_lines\": %d, \"result\": {\"changes\": [{\"xid\": 0}",
				now, LOG_LINES);
	for (int i = 1; length < RESULT_BYTES; i++)
		length += (size_t)
			sprintf(text + length,
					",{\"xid\": %d, \"kind\": \"delete\", \"rows\": %d, \"relation\": \"public.t\"}",
					i, i);
	strcpy(text + length, "]}}");
	shell("mkdir -p %s/state", home);
	write_file("state/large.json", text);
	chmod(path_of("state/large.json"), 0600);
	log = fopen(path_of("state/large.log"), "w");
	assert_non_null(log);
	for (int i = 1; i <= LOG_LINES; i++)
		fprintf(log, "{\"n\":%d,\"at\":\"%s\",\"level\":\"info\",\"text\":\"%0100d\"}\n", i, now, i);
	assert_int_equal(fclose(log), 0);
	free(text);
}

/*
 * All who wait for a job are answered when it ends, by the thread that serves all connections: it makes the
 * text of the result once, and parses no log.  To parse what it says takes many times as long.
 */
static void
pollers_of_a_large_result_take_little_of_others_time(void **state)
{
	Response response;
	json_t *job = NULL;
	long served;
	long parsed;

	(void) state;
	write_large_job();
	start();
	response = get("/v1/jobs/large");
	served = processor_time(sidecar);
	for (int i = 0; i < POLLS; i++)
	{
		release(&response);
		response = get("/v1/jobs/large");
	}
	served = processor_time(sidecar) - served;
	parsed = processor_time(getpid());
	for (int i = 0; i < POLLS; i++)
	{
		json_decref(job);
		job = json_loads(response.body, 0, NULL);
		assert_string_equal(text_in(json_object_get(job, "job"), "state"), "done");
		assert_int_equal(json_array_size(json_object_get(job, "log")), LOG_LINES);
	}
	parsed = processor_time(getpid()) - parsed;
	assert_true(json_array_size(json_object_get(json_object_get(json_object_get(job, "job"), "result"),
												"changes")) > 10000);
	json_decref(job);
	release(&response);
	if (served >= parsed / 2)
		fail_msg("%d polls took the sidecar %ld ticks, and parsing them %ld", POLLS, served, parsed);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		HTTP_TEST(a_backup_ends_when_the_catalogue_says_done),
		HTTP_TEST(two_backups_in_a_second_have_two_identifiers),
		HTTP_TEST(a_backup_asks_for_wal_until_it_comes),
		HTTP_TEST(a_timeout_of_the_backup_is_told),
		HTTP_TEST(a_failed_backup_fails_with_barmans_words),
		HTTP_TEST(a_second_backup_of_the_server_is_refused),
		HTTP_TEST(a_cancelled_backup_is_tidied_up),
		HTTP_TEST(a_backup_waits_for_the_end_of_a_cancelled_one),
		HTTP_TEST(a_segment_is_waited_for),
		HTTP_TEST(many_segments_are_one_line),
		HTTP_TEST(a_long_log_comes_in_pages),
		HTTP_TEST(cron_is_a_job_too),
		HTTP_TEST(a_job_is_lost_when_the_sidecar_crashes),
		HTTP_TEST(crashes_in_the_middle_lose_nothing),
		HTTP_TEST(ended_jobs_survive_a_restart),
		HTTP_TEST(a_list_takes_little_of_others_time),
		HTTP_TEST(pollers_of_a_large_result_take_little_of_others_time),
	};

	return RUN_HTTP_TESTS(argc, argv, tests);
}
