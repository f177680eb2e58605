/*
 * test_job_store.c
 *
 * Records of jobs survive crashes, whole or not at all.
 */
#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"
#include "base/memory.h"
#include "base/process.h"
#include "jobs/job.h"
#include "jobs/store.h"

static const TokenGrant reader = {SCOPE_READ, NULL};

static char directory[64];

static int
set_up(void **state)
{
	(void) state;
	strcpy(directory, "/tmp/sidecar-store-XXXXXX");
	return mkdtemp(directory) == NULL;
}

static int
tear_down(void **state)
{
	char command[128];

	(void) state;
	job_store_close();
	snprintf(command, sizeof(command), "rm -rf %s", directory);
	return system(command);
}

static char *
path_of(const char *name)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	return path;
}

static void
write_file(const char *name, const char *text)
{
	FILE *file = fopen(path_of(name), "w");

	fputs(text, file);
	fclose(file);
}

static json_t *
job_of(const char *id)
{
	Answer *answer = job_poll(&reader, id, 0, 0, NULL);
	json_t *value = json_loads(answer->body, 0, NULL);

	answer_release(answer);
	return value;
}

static void
a_record_comes_back(void **state)
{
	json_t *record = json_pack("{s:s,s:i}", "id", "a", "n", 1);
	json_t *all;
	struct stat facts;

	(void) state;
	assert_true(job_store_open(directory));
	assert_true(job_store_write("a", record));
	assert_int_equal(stat(path_of("a.json"), &facts), 0);
	assert_int_equal(facts.st_mode & 0777, 0600);
	assert_int_equal(stat(directory, &facts), 0);
	assert_int_equal(facts.st_mode & 0777, 0700);
	all = job_store_load();
	assert_int_equal(json_array_size(all), 1);
	assert_true(json_equal(json_array_get(all, 0), record));
	json_decref(all);
	json_decref(record);
	job_store_remove("a");
	assert_int_not_equal(stat(path_of("a.json"), &facts), 0);
}

static void
broken_records_are_put_aside(void **state)
{
	json_t *all;

	(void) state;
	assert_true(job_store_open(directory));
	write_file("empty.json", "");
	write_file("torn.json", "{\"id\": \"torn\", \"st");
	write_file("list.json", "[]");
	write_file("good.json", "{\"id\": \"good\"}");
	write_file("good.tmp", "{");
	assert_int_equal(symlink("/etc/passwd", path_of("link.json")), 0);
	all = job_store_load();
	assert_int_equal(json_array_size(all), 1);
	json_decref(all);
	assert_int_equal(access(path_of("torn.json.bad"), F_OK), 0);
	assert_int_equal(access(path_of("empty.json.bad"), F_OK), 0);
	/* the second time it is quiet */
	all = job_store_load();
	assert_int_equal(json_array_size(all), 1);
	json_decref(all);
}

static void
a_torn_log_line_is_ignored(void **state)
{
	json_t *lines;
	bool more;

	(void) state;
	assert_true(job_store_open(directory));
	write_file("a.log", "{\"n\":1,\"text\":\"one\"}\n{\"n\":2,\"text\":\"two\"}\n{\"n\":3,\"te");
	lines = job_store_read_log("a", 0, 30, &more);
	assert_int_equal(json_array_size(lines), 1);
	assert_true(more);
	json_decref(lines);
	lines = job_store_read_log("a", 1, 1, &more);
	assert_int_equal(json_array_size(lines), 1);
	assert_true(more);
	json_decref(lines);
	lines = job_store_read_log("a", 0, SIZE_MAX, &more);
	assert_int_equal(json_array_size(lines), 2);
	json_decref(lines);
	lines = job_store_read_log("a", 1, SIZE_MAX, &more);
	assert_int_equal(json_array_size(lines), 1);
	json_decref(lines);
	lines = job_store_read_log("nobody", 0, SIZE_MAX, &more);
	assert_int_equal(json_array_size(lines), 0);
	json_decref(lines);
}

static void
text_of_log_is(const char *expected, json_int_t after, size_t limit, bool expected_more)
{
	bool more;
	char *text = job_store_log_text("a", after, limit, &more);

	assert_string_equal(text, expected);
	assert_int_equal(more, expected_more);
	free(text);
}

/* Nobody parses it: what is no JSON, or more than a line, must not get into the answer. */
static void
the_text_of_a_log_is_json(void **state)
{
	static const char *const odd[] = {
		"{\"n\":3,\"te",
		"{\"n\":3,\"text\":\"th{\"n\":4,\"text\":\"four\"}",
		"{\"n\":3,\"text\":\"three\"},",
		"{\"n\":3,\"text\":\"three\"}]",
		"{\"n\":3,\"text\":\"\\x\"}",
		"{\"n\":3,\"text\":\"\\u00g0\"}",
		"{\"n\":3,\"text\":\"three\\\"}",
		"{\"n\":3,\"text\":\"\t\"}",
		"{\"n\":3,\"text\":3}",
		"{\"n\":3,\"text\"}",
		"{\"n\":3,}",
		"{\"n\":-3}",
		"{\"n\":3",
		"nonsense",
		"",
	};
	static const char one[] = "{\"n\":1,\"text\":\"one\"}";
	static const char two[] = "{\"n\":2,\"text\":\"\\\"t\\u001bw\\\\o\xc3\xa9\\n\"}";
	char *both = mem_printf("[%s,%s]", one, two);

	(void) state;
	assert_true(job_store_open(directory));
	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++)
	{
		char *log = mem_printf("%s\n%s\n%s\n", one, odd[i], two);

		write_file("a.log", log);
		text_of_log_is(both, 0, SIZE_MAX, false);
		free(log);
	}
	text_of_log_is("[{\"n\":1,\"text\":\"one\"}]", 0, 30, true);
	text_of_log_is("[]", 2, SIZE_MAX, false);
	free(both);
}

static void *
append_many(void *arg)
{
	for (int i = 0; i < 200; i++)
	{
		json_t *line = json_pack("{s:i,s:s}", "n", i + 1, "text", (const char *) arg);

		job_store_append_log("a", line);
		json_decref(line);
	}
	return NULL;
}

static void
lines_of_two_threads_do_not_mix(void **state)
{
	char longest[3000];
	pthread_t other;
	json_t *lines;
	bool more;

	(void) state;
	assert_true(job_store_open(directory));
	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	pthread_create(&other, NULL, append_many, longest);
	append_many(longest);
	pthread_join(other, NULL);
	lines = job_store_read_log("a", 0, SIZE_MAX, &more);
	assert_int_equal(json_array_size(lines), 400);
	json_decref(lines);
}

static void
a_second_sidecar_is_locked_out(void **state)
{
	pid_t child;
	int status;

	(void) state;
	assert_true(job_store_open(directory));
	child = fork();
	if (child == 0)
	{
		job_store_close(); /* the lock is the parent's, not ours */
		_exit(job_store_open(directory) ? 1 : 0);
	}
	waitpid(child, &status, 0);
	assert_int_equal(status, 0);
}

static void
a_running_job_is_lost_after_a_crash(void **state)
{
	pid_t leader;
	char text[512];
	json_t *answer;
	json_t *job;

	(void) state;
	/* a group of its own, as the runner makes it, with somebody in it */
	leader = fork();
	if (leader == 0)
	{
		setpgid(0, 0);
		execl("/bin/sh", "sh", "-c", "sleep 300 & wait", (char *) NULL);
		_exit(127);
	}
	setpgid(leader, leader);
	usleep(200000);
	snprintf(text, sizeof(text),
			 "{\"id\": \"20261122T081530Z-3f9a2c\", \"kind\": \"backup\", \"server\": \"pg\","
			 "\"state\": \"running\", \"created\": \"2026-11-22T08:15:30.000000Z\","
			 "\"log_lines\": 0, \"process\": {\"group\": %d, \"session\": %d, \"boot\": \"%s\","
			 "\"start_time\": %llu}}",
			 (int) leader, (int) getsid(0), process_boot_id(),
			 (unsigned long long) process_start_time(leader));
	write_file("20261122T081530Z-3f9a2c.json", text);
	write_file("20261122T081530Z-3f9a2c.log", "{\"n\":1,\"text\":\"one\"}\n");

	assert_true(jobs_start(directory));
	waitpid(leader, NULL, 0);
	assert_false(process_end_group(leader, getsid(0), 1, 0));
	answer = job_of("20261122T081530Z-3f9a2c");
	job = json_object_get(answer, "job");
	assert_string_equal(json_string_value(json_object_get(job, "state")), "lost");
	assert_int_equal(json_integer_value(json_object_get(job, "log_lines")), 2);
	assert_int_equal(json_array_size(json_object_get(answer, "log")), 2);
	assert_true(json_is_object(json_object_get(job, "error")));
	json_decref(answer);
	jobs_stop();
	jobs_forget();

	/* and stays lost */
	assert_true(jobs_start(directory));
	answer = job_of("20261122T081530Z-3f9a2c");
	job = json_object_get(answer, "job");
	assert_string_equal(json_string_value(json_object_get(job, "state")), "lost");
	assert_int_equal(json_integer_value(json_object_get(job, "log_lines")), 2);
	json_decref(answer);
	jobs_stop();
	jobs_forget();
}

static void
somebody_elses_process_is_left_alone(void **state)
{
	pid_t leader = fork();
	char text[512];

	(void) state;
	if (leader == 0)
	{
		setpgid(0, 0);
		execl("/bin/sleep", "sleep", "300", (char *) NULL);
		_exit(127);
	}
	setpgid(leader, leader);
	usleep(100000);
	/* the pid was reused: it began later, in another session */
	snprintf(text, sizeof(text),
			 "{\"id\": \"20261122T081530Z-3f9a2c\", \"kind\": \"backup\", \"server\": \"pg\","
			 "\"state\": \"running\", \"process\": {\"group\": %d, \"session\": %d,"
			 "\"boot\": \"%s\", \"start_time\": 5}}",
			 (int) leader, (int) getsid(0) + 1, process_boot_id());
	write_file("20261122T081530Z-3f9a2c.json", text);
	assert_true(jobs_start(directory));
	jobs_stop();
	jobs_forget();
	assert_int_equal(waitpid(leader, NULL, WNOHANG), 0);
	kill(leader, SIGKILL);
	waitpid(leader, NULL, 0);
}

static void
old_jobs_are_forgotten(void **state)
{
	json_t *all;

	(void) state;
	write_file("20200101T000000Z-000000.json",
			   "{\"id\": \"20200101T000000Z-000000\", \"kind\": \"cron\", \"state\": \"done\","
			   "\"created\": \"2020-01-01T00:00:00.000000Z\"}");
	assert_true(jobs_start(directory));
	jobs_stop();
	jobs_forget();
	assert_true(job_store_open(directory));
	all = job_store_load();
	assert_int_equal(json_array_size(all), 0);
	json_decref(all);
}

/* A thousand, and those are the newest; one that is lost counts like any other. */
static void
only_the_newest_jobs_are_kept(void **state)
{
	Answer *answer;
	json_t *value;
	json_t *list;
	struct stat facts;

	(void) state;
	for (int i = 0; i < 1003; i++)
	{
		char name[64];
		char text[256];
		time_t created = time(NULL) - 5000 + i;
		struct tm parts;
		char stamp[32];

		gmtime_r(&created, &parts);
		strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%S.000000Z", &parts);
		snprintf(name, sizeof(name), "20261122T000000Z-%06x.json", (unsigned int) i);
		snprintf(text, sizeof(text),
				 "{\"id\": \"20261122T000000Z-%06x\", \"kind\": \"cron\", \"state\": \"%s\","
				 "\"created\": \"%s\"}",
				 (unsigned int) i, i % 2 == 0 ? "done" : "lost", stamp);
		write_file(name, text);
		snprintf(name, sizeof(name), "20261122T000000Z-%06x.log", (unsigned int) i);
		write_file(name, "{\"n\":1,\"text\":\"one\"}\n");
	}
	assert_true(jobs_start(directory));
	answer = jobs_list(&reader, JOBS_LIST_MAX, NULL);
	value = json_loads(answer->body, 0, NULL);
	list = json_object_get(value, "jobs");
	assert_int_equal(json_array_size(list), 1000);
	assert_string_equal(json_string_value(json_object_get(json_array_get(list, 0), "id")),
						"20261122T000000Z-0003ea");
	assert_string_equal(json_string_value(json_object_get(json_array_get(list, 999), "id")),
						"20261122T000000Z-000003");
	json_decref(value);
	answer_release(answer);
	jobs_stop();
	jobs_forget();

	assert_int_equal(stat(path_of("20261122T000000Z-000002.json"), &facts), -1);
	assert_int_equal(stat(path_of("20261122T000000Z-000002.log"), &facts), -1);
	assert_int_equal(stat(path_of("20261122T000000Z-000003.log"), &facts), 0);
}

#define STORE_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		STORE_TEST(a_record_comes_back),
		STORE_TEST(broken_records_are_put_aside),
		STORE_TEST(a_torn_log_line_is_ignored),
		STORE_TEST(the_text_of_a_log_is_json),
		STORE_TEST(lines_of_two_threads_do_not_mix),
		STORE_TEST(a_second_sidecar_is_locked_out),
		STORE_TEST(a_running_job_is_lost_after_a_crash),
		STORE_TEST(somebody_elses_process_is_left_alone),
		STORE_TEST(old_jobs_are_forgotten),
		STORE_TEST(only_the_newest_jobs_are_kept),
	};

	log_set_level(LOGLEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
