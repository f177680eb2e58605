/*
 * test_job_limits.c
 *
 * How many jobs there may be, and how much of them a list tells: met as
 * callers meet it.
 */
#include "jobs/limits.h"
#include "jobs/shorten.h"
#include "sidecar_fixture.h"

#define VERIFY "/v1/servers/pg/backups/%s/verify"

static void
add_backup(const char *id)
{
	shell("mkdir -p %s/home/base/%s && echo DONE > %s/home/base/%s/backup.info", home, id, home, id);
}

/* Barman verifies until the file "go" is there. */
static void
let_verify_wait(void)
{
	write_file("verify-backup.sh",
			   "while [ ! -e \"$FAKE_BARMAN/go\" ]; do sleep 0.05; done; printf '{}'\n");
}

static char *
verify(const char *id)
{
	char *path = mem_printf(VERIFY, id);
	char *job = submit(path, "{}");

	free(path);
	return job;
}

static int
status_of(const char *path, const char *body, const char *limit)
{
	Response response = post(path, body);
	int status = (int) response.status;

	if (limit != NULL)
	{
		Response metrics = get("/metrics");
		char *line = mem_printf("barman_sidecar_jobs_refused_total{limit=\"%s\"} 0\n", limit);

		assert_null(strstr(metrics.body, line));
		free(line);
		release(&metrics);
	}
	release(&response);
	return status;
}

static void
one_backup_is_verified_once_at_a_time(void **state)
{
	char *job;
	char *other;
	Response response;

	(void) state;
	start();
	add_backup("20261122T061022");
	add_backup("20261122T061023");
	let_verify_wait();
	job = verify("20261122T061022");
	response = post("/v1/servers/pg/backups/20261122T061022/verify", "{}");
	assert_int_equal(response.status, 409);
	assert_non_null(strstr(response.body, job));
	release(&response);
	/* by its name it is the same */
	assert_int_equal(status_of("/v1/servers/pg/backups/n20261122T061022/verify", "{}", "same_backup"),
					 409);
	other = verify("20261122T061023");
	write_file("go", "");
	json_decref(follow(job));
	json_decref(follow(other));
	free(job);
	job = verify("20261122T061022");
	json_decref(follow(job));
	free(job);
	free(other);
}

static void
jobs_of_one_kind_leave_room_for_others(void **state)
{
	const char *extra[] = {"--max-jobs-of-kind=2", NULL};
	char *jobs[3];
	char *cron;

	(void) state;
	start_with(extra);
	add_backup("20261122T061022");
	add_backup("20261122T061023");
	add_backup("20261122T061024");
	let_verify_wait();
	jobs[0] = verify("20261122T061022");
	jobs[1] = verify("20261122T061023");
	assert_int_equal(status_of("/v1/servers/pg/backups/20261122T061024/verify", "{}", "kind"), 429);
	cron = submit("/v1/cron", "{}");
	json_decref(follow(cron));
	write_file("go", "");
	json_decref(follow(jobs[0]));
	json_decref(follow(jobs[1]));
	jobs[2] = verify("20261122T061024");
	json_decref(follow(jobs[2]));
	for (int i = 0; i < 3; i++)
		free(jobs[i]);
	free(cron);
}

/* Of three places one is kept for backups, and none of the others from callers on this host. */
static void
two_verify_and_one_backs_up(const char *const *extra)
{
	char *jobs[2];
	char *backup;
	json_t *job;

	start_with(extra);
	add_backup("20261122T061022");
	add_backup("20261122T061023");
	add_backup("20261122T061024");
	let_verify_wait();
	jobs[0] = verify("20261122T061022");
	jobs[1] = verify("20261122T061023");
	assert_int_equal(status_of("/v1/servers/pg/backups/20261122T061024/verify", "{}", "all"), 429);
	backup = submit("/v1/servers/pg/backups", "{}");
	job = follow(backup);
	assert_string_equal(text_in(job, "state"), "done");
	json_decref(job);
	write_file("go", "");
	json_decref(follow(jobs[0]));
	json_decref(follow(jobs[1]));
	free(jobs[0]);
	free(jobs[1]);
	free(backup);
}

static void
a_place_is_kept_for_backups(void **state)
{
	const char *extra[] = {"--max-jobs=3", NULL};

	(void) state;
	two_verify_and_one_backs_up(extra);
}

static void
a_caller_on_this_host_is_local_at_a_listener_of_both_families_too(void **state)
{
	const char *extra[] = {"--max-jobs=3", "--listen=[::]:0", "--insecure-http", NULL};
	int six = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void) state;
	if (six < 0)
		skip(); /* a host without IPv6 */
	close(six);
	two_verify_and_one_backs_up(extra);
}

static void
backups_within_an_hour_are_limited_also_across_restarts(void **state)
{
	const char *extra[] = {"--max-backups-per-hour=2", NULL};
	Response response;
	char *job;
	const char *retry;

	(void) state;
	start_with(extra);
	job = submit("/v1/servers/pg/backups", "{}");
	json_decref(follow(job));
	free(job);

	/* one whose copy fails pushes nothing out */
	write_file("backup.status", "FAILED");
	write_file("backup.sh", "printf '{\"_ERROR\": [\"no\"]}'; exit 1\n");
	for (int i = 0; i < 3; i++)
	{
		json_t *ended;

		job = submit("/v1/servers/pg/backups", "{}");
		ended = follow(job);
		assert_string_equal(text_in(ended, "state"), "failed");
		json_decref(ended);
		free(job);
	}
	unlink(path_of("backup.sh"));
	unlink(path_of("backup.status"));
	job = submit("/v1/servers/pg/backups", "{}");
	json_decref(follow(job));
	free(job);

	for (int i = 0; i < 2; i++)
	{
		response = post("/v1/servers/pg/backups", "{}");
		assert_int_equal(response.status, 429);
		retry = strstr(response.headers, "Retry-After: ");
		assert_non_null(retry);
		assert_true(atoi(retry + strlen("Retry-After: ")) >= 3000 &&
					atoi(retry + strlen("Retry-After: ")) <= 3601);
		assert_non_null(strstr(response.body, "--max-backups-per-hour"));
		release(&response);
		terminate();
		start_with(extra);
	}
	/* another server's are its own */
	job = submit("/v1/servers/other/backups", "{}");
	json_decref(follow(job));
	free(job);
}

/* Once Barman waits for the WAL, its maintenance makes a backup of it, whatever becomes of the job. */
static void
a_cancelled_backup_counts_unless_barman_calls_it_failed(void **state)
{
	const char *extra[] = {"--max-backups-per-hour=2", NULL};
	char *job;
	char *path;
	json_t *ended;
	Response response;

	(void) state;
	start_with(extra);
	for (int i = 0; i < 4; i++)
	{
		/* a copy that is cut off, and then two that were made */
		const char *status = i < 2 ? "FAILED" : i == 2 ? "WAITING_FOR_WALS" : "DONE";
		char *script = mem_printf("id=2026112%dT061022\nmkdir -p $home/base/$id && echo STARTED > $home/base/$id/backup.info\n"
								  "trap 'echo %s > $home/base/$id/backup.info; exit 1' INT\nsleep 100 & wait\n",
								  i, status);

		write_file("backup.sh", script);
		free(script);
		job = submit("/v1/servers/pg/backups", "{}");
		wait_for_phase(job, "copying");
		path = mem_printf("/v1/jobs/%s/cancel", job);
		response = post(path, "");
		assert_int_equal(response.status, 202);
		release(&response);
		free(path);
		ended = follow(job);
		assert_string_equal(text_in(ended, "state"), "cancelled");
		json_decref(ended);
		free(job);
	}
	assert_int_equal(status_of("/v1/servers/pg/backups", "{}", "backups_per_hour"), 429);
	terminate();
	start_with(extra);
	assert_int_equal(status_of("/v1/servers/pg/backups", "{}", "backups_per_hour"), 429);
}

static void
a_list_tells_no_results_and_is_read_in_parts(void **state)
{
	char *ids[3];
	char *path;
	Response response;
	json_t *list;

	(void) state;
	start();
	for (int i = 0; i < 3; i++)
	{
		ids[i] = submit("/v1/servers/pg/switch-wal", "{\"timeout_seconds\": 0}");
		json_decref(follow(ids[i]));
	}
	response = get("/v1/jobs?limit=2");
	list = json_object_get(response.value, "jobs");
	assert_int_equal(json_array_size(list), 2);
	assert_true(json_is_true(json_object_get(response.value, "more")));
	assert_string_equal(text_in(json_array_get(list, 0), "id"), ids[2]);
	assert_null(json_object_get(json_array_get(list, 0), "result"));
	release(&response);

	path = mem_printf("/v1/jobs?limit=2&before=%s", ids[1]);
	response = get(path);
	list = json_object_get(response.value, "jobs");
	assert_int_equal(json_array_size(list), 1);
	assert_string_equal(text_in(json_array_get(list, 0), "id"), ids[0]);
	assert_null(json_object_get(response.value, "more"));
	release(&response);
	free(path);
	expect_error("GET", "/v1/jobs?limit=0", NULL, 400, "bad_argument");
	expect_error("GET", "/v1/jobs?limit=1001", NULL, 400, "bad_argument");

	path = mem_printf("/v1/jobs/%s", ids[0]);
	response = get(path);
	assert_true(json_is_object(json_object_get(json_object_get(response.value, "job"), "result")));
	release(&response);
	free(path);
	for (int i = 0; i < 3; i++)
		free(ids[i]);
}

/* 180 assertions of 100 kB made poc_jobs() fail for a month. */
static void
results_are_bounded(void **state)
{
	char *huge = mem_alloc(100001);
	json_t *steps = json_array();
	json_t *result;

	(void) state;
	memset(huge, 'x', 100000);
	for (int i = 0; i < 180; i++)
		json_array_append_new(steps, json_pack("{s:s, s:b, s:s}", "step", "assert", "ok", 1,
											   "detail", huge));
	result = job_shorten(json_pack("{s:o, s:i}", "steps", steps, "port", 1));
	assert_true(json_dumpb(result, NULL, 0, 0) <= 1024 * 1024);
	assert_int_equal(json_array_size(json_object_get(result, "steps")), 180);
	assert_int_equal(json_integer_value(json_object_get(result, "port")), 1);
	json_decref(result);

	/* what is short stays as it is */
	result = job_shorten(json_pack("{s:[s, n, b]}", "a", "\xc3\xa4", 1));
	assert_string_equal(json_string_value(json_array_get(json_object_get(result, "a"), 0)),
						"\xc3\xa4");
	json_decref(result);
	assert_null(job_shorten(NULL));
	free(huge);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(results_are_bounded),
		HTTP_TEST(one_backup_is_verified_once_at_a_time),
		HTTP_TEST(jobs_of_one_kind_leave_room_for_others),
		HTTP_TEST(a_place_is_kept_for_backups),
		HTTP_TEST(a_caller_on_this_host_is_local_at_a_listener_of_both_families_too),
		HTTP_TEST(backups_within_an_hour_are_limited_also_across_restarts),
		HTTP_TEST(a_cancelled_backup_counts_unless_barman_calls_it_failed),
		HTTP_TEST(a_list_tells_no_results_and_is_read_in_parts),
	};

	return RUN_HTTP_TESTS(argc, argv, tests);
}
