/*
 * test_runner.c
 *
 * A child never outlives its deadline, its group goes with it, and nothing of
 * ours leaks into it or out of it.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "barman/runner.h"
#include "base/messages_locale.h"
#include "base/process.h"
#include "base/timestamp.h"
#include "patience.h"

/* Soon, on a machine however busy: what it is told from takes minutes */
#define MUCH_LATER_MS 60000

#define SHELL(script)                 \
	{                                 \
		"/bin/sh", "-c", script, NULL \
	}

static RunResult
run(const char *const *argv, int64_t deadline_ms, int64_t grace_ms, RunControl *control)
{
	RunRequest request = {
		.argv = argv,
		.deadline_ms = deadline_ms,
		.grace_ms = grace_ms,
		.control = control,
	};
	RunResult result;

	runner_run(&request, &result);
	return result;
}

static int
open_descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int count = 0;

	while (readdir(dir) != NULL)
		count++;
	closedir(dir);
	return count;
}

/* Or a zombie: not every container has an init that reaps. */
static bool
process_is_gone(pid_t pid)
{
	char path[64];
	int64_t began = monotonic_ms();

	snprintf(path, sizeof(path), "/proc/%d/stat", (int) pid);
	do
	{
		FILE *file = fopen(path, "r");
		char state = 'X';

		if (file == NULL)
			return true;
		if (fscanf(file, "%*d (%*[^)]) %c", &state) != 1)
			state = 'X';
		fclose(file);
		if (state == 'Z' || state == 'X')
			return true;
	} while (look_again(began));
	return false;
}

static void
output_and_exit_code_are_kept_apart(void **state)
{
	const char *argv[] = SHELL("echo out; echo err >&2; exit 3");
	RunResult result = run(argv, 5000, 100, NULL);

	(void) state;
	assert_int_equal(result.outcome, RUN_EXITED);
	assert_int_equal(result.exit_code, 3);
	assert_string_equal(result.out, "out\n");
	assert_string_equal(result.err, "err\n");
	runner_free(&result);
}

/* More than a pipe holds, and none of it in the arguments */
static void
what_it_reads_is_given(void **state)
{
	const char *const argv[] = {"/usr/bin/wc", "-c", NULL};
	size_t length = 1000000;
	char *input = malloc(length + 1);
	int before = open_descriptors();
	RunRequest request = {.argv = argv, .input = input, .deadline_ms = 10000, .grace_ms = 100};
	RunResult result;

	(void) state;
	memset(input, 'x', length);
	input[length] = '\0';
	runner_run(&request, &result);
	assert_int_equal(result.outcome, RUN_EXITED);
	assert_string_equal(result.out, "1000000\n");
	assert_int_equal(open_descriptors(), before);
	runner_free(&result);
	free(input);
}

static void
a_missing_program_is_told(void **state)
{
	const char *argv[] = {"/nonexistent/barman", NULL};
	RunResult result = run(argv, 5000, 100, NULL);

	(void) state;
	assert_int_equal(result.outcome, RUN_NOT_STARTED);
	assert_int_equal(result.start_error, ENOENT);
	assert_string_equal(result.out, "");
	runner_free(&result);
}

static void
a_deadline_ends_the_whole_group(void **state)
{
	const char *argv[] = SHELL("sleep 300 & echo $!; wait");
	RunResult result = run(argv, 2000, 200000, NULL);
	pid_t grandchild = atoi(result.out);

	(void) state;
	assert_int_equal(result.outcome, RUN_TIMED_OUT);
	assert_true(result.elapsed_ms < MUCH_LATER_MS);
	assert_true(grandchild > 1);
	assert_true(process_is_gone(grandchild));
	runner_free(&result);
}

static void
who_ignores_an_interrupt_is_killed(void **state)
{
	const char *argv[] = SHELL("trap '' INT; echo ready; while :; do sleep 1; done");
	RunResult result = run(argv, 2000, 300, NULL);

	(void) state;
	assert_int_equal(result.outcome, RUN_TIMED_OUT);
	assert_int_equal(result.signal, SIGKILL);
	assert_true(result.elapsed_ms < MUCH_LATER_MS);
	runner_free(&result);
}

static void
a_daemon_in_its_own_session_survives(void **state)
{
	const char *argv[] = SHELL("setsid sleep 300 </dev/null >/dev/null 2>&1 & echo $!");
	RunResult result = run(argv, 200000, 100, NULL);
	pid_t daemon_pid = atoi(result.out);

	(void) state;
	assert_int_equal(result.outcome, RUN_EXITED);
	assert_true(result.elapsed_ms < MUCH_LATER_MS);
	assert_true(process_start_time(daemon_pid) != 0);
	kill(daemon_pid, SIGKILL);
	runner_free(&result);
}

static void
a_pipe_left_open_does_not_hold_us(void **state)
{
	const char *argv[] = SHELL("sleep 300 & echo $!; exit 0");
	RunResult result = run(argv, 200000, 100, NULL);

	(void) state;
	assert_int_equal(result.outcome, RUN_EXITED);
	assert_int_equal(result.exit_code, 0);
	assert_true(result.elapsed_ms < MUCH_LATER_MS);
	kill(atoi(result.out), SIGKILL);
	runner_free(&result);
}

static void
endless_output_is_cut(void **state)
{
	const char *argv[] = SHELL("exec cat /dev/zero");
	RunResult result = run(argv, 30000, 1000, NULL);

	(void) state;
	assert_int_equal(result.outcome, RUN_TOO_LARGE);
	assert_true(result.out_length <= 32 * 1024 * 1024);
	runner_free(&result);
}

static void
long_standard_error_is_dropped_not_fatal(void **state)
{
	const char *argv[] = SHELL("head -c 1000000 /dev/zero >&2; echo done");
	RunResult result = run(argv, 30000, 1000, NULL);

	(void) state;
	assert_int_equal(result.outcome, RUN_EXITED);
	assert_string_equal(result.out, "done\n");
	assert_true(result.err_length <= 256 * 1024);
	runner_free(&result);
}

static void
the_child_inherits_three_descriptors(void **state)
{
	const char *argv[] = SHELL("ls /proc/self/fd | wc -l; cat");
	int extra = open("/dev/null", O_RDONLY | O_CLOEXEC);
	RunResult result;

	(void) state;
	/* what our own caller left open is not the runner's business */
	close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
	result = run(argv, 5000, 100, NULL);
	/* 0, 1, 2 and the one by which ls reads the directory */
	assert_int_equal(atoi(result.out), 4);
	close(extra);
	runner_free(&result);
}

static void
signals_are_as_a_new_program_expects_them(void **state)
{
	const char *argv[] = SHELL("grep -E 'SigBlk|SigIgn' /proc/self/status");
	sigset_t block;
	sigset_t before;
	RunResult result;

	(void) state;
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&block);
	sigaddset(&block, SIGINT);
	sigaddset(&block, SIGTERM);
	pthread_sigmask(SIG_BLOCK, &block, &before);
	result = run(argv, 5000, 100, NULL);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	assert_non_null(strstr(result.out, "SigBlk:\t0000000000000000"));
	assert_null(strstr(result.out, "SigIgn:\t0000000000001000"));
	runner_free(&result);
}

static void *
cancel_soon(void *control)
{
	usleep(200000);
	run_control_cancel(control);
	return NULL;
}

/* Barman relays what rsync and pg_basebackup say; causes are recognized in English. */
static void
programs_speak_english(void **state)
{
	const char *env[] = {"/usr/bin/env", NULL};
	RunResult result;

	(void) state;
	setenv("LC_ALL", "de_DE.UTF-8", 1);
	setenv("LANGUAGE", "de", 1);
	messages_in_english();
	result = run(env, MUCH_LATER_MS, 100, NULL);
	assert_int_equal(result.outcome, RUN_EXITED);
	assert_non_null(strstr(result.out, "LC_MESSAGES=C\n"));
	assert_non_null(strstr(result.out, "LC_CTYPE=de_DE.UTF-8\n"));
	assert_null(strstr(result.out, "LC_ALL="));
	assert_null(strstr(result.out, "LANGUAGE="));
	runner_free(&result);
	unsetenv("LC_CTYPE");
}

static void
another_thread_can_cancel(void **state)
{
	const char *argv[] = SHELL(
		"trap 'echo interrupted; exit 1' INT; echo ready; while :; do sleep 0.1; done");
	RunControl *control = run_control_create();
	pthread_t thread;
	RunResult result;

	(void) state;
	pthread_create(&thread, NULL, cancel_soon, control);
	result = run(argv, 200000, 200000, control);
	pthread_join(thread, NULL);
	assert_int_equal(result.outcome, RUN_CANCELLED);
	assert_non_null(strstr(result.out, "interrupted"));
	assert_true(result.elapsed_ms < MUCH_LATER_MS);
	runner_free(&result);

	/* what is cancelled does not start again */
	result = run(argv, 20000, 5000, control);
	assert_int_equal(result.outcome, RUN_CANCELLED);
	assert_string_equal(result.out, "");
	runner_free(&result);
	assert_false(run_control_sleep(control, 10000));
	run_control_destroy(control);
}

static void *
hurry_soon(void *control)
{
	usleep(200000);
	run_control_hurry(control);
	return NULL;
}

static void
a_hurried_run_is_killed_before_its_grace(void **state)
{
	const char *argv[] = SHELL("trap '' INT; while :; do sleep 1; done");
	RunControl *control = run_control_create();
	pthread_t thread;
	RunResult result;

	(void) state;
	pthread_create(&thread, NULL, hurry_soon, control);
	result = run(argv, 200000, 200000, control);
	pthread_join(thread, NULL);
	assert_int_equal(result.outcome, RUN_CANCELLED);
	assert_int_equal(result.signal, SIGKILL);
	assert_true(result.elapsed_ms < MUCH_LATER_MS);
	runner_free(&result);
	run_control_destroy(control);
}

typedef struct Taken
{
	size_t bytes;
	size_t most; /* refuses what is beyond */
	int64_t slow_ms;
} Taken;

static bool
take(void *arg, const char *bytes, size_t length)
{
	Taken *taken = arg;

	(void) bytes;
	taken->bytes += length;
	if (taken->slow_ms > 0)
		usleep((useconds_t) taken->slow_ms * 1000);
	return taken->bytes <= taken->most;
}

static RunResult
run_into(Taken *taken, const char *const *argv)
{
	RunRequest request = {.argv = argv,
						  .deadline_ms = MUCH_LATER_MS,
						  .grace_ms = 100,
						  .sink = take,
						  .sink_arg = taken};
	RunResult result;

	runner_run(&request, &result);
	return result;
}

/* A child that has ended long before the last of its output is taken loses none of it. */
static void
a_sink_gets_all(void **state)
{
	const char *argv[] = SHELL("head -c 40000000 /dev/zero; echo words >&2; exit 3");
	const char *small[] = SHELL("head -c 60000 /dev/zero");
	Taken taken = {.most = SIZE_MAX};
	Taken slow = {.most = SIZE_MAX, .slow_ms = 1500};
	RunResult result = run_into(&taken, argv);

	(void) state;
	assert_int_equal(result.outcome, RUN_EXITED);
	assert_int_equal(result.exit_code, 3);
	assert_int_equal(taken.bytes, 40000000);
	assert_string_equal(result.out, "");
	assert_string_equal(result.err, "words\n");
	runner_free(&result);
	result = run_into(&slow, small);
	assert_int_equal(result.outcome, RUN_EXITED);
	assert_int_equal(slow.bytes, 60000);
	runner_free(&result);
}

static void
a_sink_that_refuses_ends_the_run(void **state)
{
	const char *argv[] = SHELL("exec cat /dev/zero");
	Taken taken = {.most = 100000};
	int64_t began = monotonic_ms();
	RunResult result = run_into(&taken, argv);

	(void) state;
	assert_int_equal(result.outcome, RUN_CANCELLED);
	assert_true(monotonic_ms() - began < MUCH_LATER_MS);
	runner_free(&result);
}

static void
descriptors_stay_flat(void **state)
{
	const char *good[] = {"/bin/true", NULL};
	const char *bad[] = {"/nonexistent/barman", NULL};
	int before = open_descriptors();

	(void) state;
	for (int i = 0; i < 300; i++)
	{
		RunResult result = run(i % 3 == 0 ? bad : good, 5000, 100, NULL);

		runner_free(&result);
	}
	assert_int_equal(open_descriptors(), before);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(output_and_exit_code_are_kept_apart),
		cmocka_unit_test(what_it_reads_is_given),
		cmocka_unit_test(a_missing_program_is_told),
		cmocka_unit_test(a_deadline_ends_the_whole_group),
		cmocka_unit_test(who_ignores_an_interrupt_is_killed),
		cmocka_unit_test(a_daemon_in_its_own_session_survives),
		cmocka_unit_test(a_pipe_left_open_does_not_hold_us),
		cmocka_unit_test(endless_output_is_cut),
		cmocka_unit_test(long_standard_error_is_dropped_not_fatal),
		cmocka_unit_test(the_child_inherits_three_descriptors),
		cmocka_unit_test(signals_are_as_a_new_program_expects_them),
		cmocka_unit_test(programs_speak_english),
		cmocka_unit_test(another_thread_can_cancel),
		cmocka_unit_test(a_hurried_run_is_killed_before_its_grace),
		cmocka_unit_test(a_sink_gets_all),
		cmocka_unit_test(a_sink_that_refuses_ends_the_run),
		cmocka_unit_test(descriptors_stay_flat),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
