/*
 * test_process.c
 *
 * What /proc tells of a process, in the states that decide whether it is ended,
 * waited for, or ended from outside.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/process.h"

/* A child that stops itself, and waits when it goes on */
static pid_t
start_child(bool traced)
{
	pid_t child = fork();
	int status;

	assert_true(child >= 0);
	if (child == 0)
	{
		/* a test that fails leaves none */
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (traced)
			ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		raise(SIGSTOP);
		for (;;)
			pause();
	}
	assert_int_equal(waitpid(child, &status, WUNTRACED), child);
	assert_true(WIFSTOPPED(status));
	return child;
}

static void
end_child(pid_t child)
{
	siginfo_t info;
	uint64_t start = process_start_time(child);

	kill(child, SIGKILL);
	assert_int_equal(waitid(P_PID, (id_t) child, &info, WEXITED | WNOWAIT), 0);
	/* not reaped yet */
	assert_int_equal(process_start_time(child), start);
	assert_true(process_has_ended(child));
	assert_false(process_is_running(child, start));
	assert_false(process_is_stopped(child));
	assert_int_equal(waitpid(child, NULL, 0), child);
	assert_int_equal(process_start_time(child), 0);
	assert_int_equal(process_parent(child), 0);
	assert_int_equal(process_parent_and_start(child, &start), 0);
	assert_int_equal(start, 0);
	assert_true(process_has_ended(child));
}

static void
test_stopped(void **state)
{
	pid_t child = start_child(false);
	uint64_t start = process_start_time(child);
	uint64_t same;

	(void) state;
	assert_int_equal(process_parent_and_start(child, &same), getpid());
	assert_int_equal(same, start);
	assert_true(process_is_stopped(child));
	assert_true(process_is_running(child, start));
	assert_false(process_is_running(child, start + 1));
	assert_int_equal(process_parent(child), getpid());
	kill(child, SIGCONT);
	assert_int_equal(waitpid(child, NULL, WCONTINUED), child);
	assert_false(process_is_stopped(child));
	end_child(child);
}

/* It goes on when the debugger lets it, so nobody has to act for it. */
static void
test_traced(void **state)
{
	pid_t child = start_child(true);

	(void) state;
	assert_false(process_is_stopped(child));
	assert_true(process_is_running(child, process_start_time(child)));
	end_child(child);
}

static void
test_work_of_a_group(void **state)
{
	pid_t child = fork();
	pid_t session = getsid(0);
	uint64_t start;
	uint64_t work;

	(void) state;
	assert_true(child >= 0);
	if (child == 0)
	{
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		setpgid(0, 0);
		for (;;)
			;
	}
	setpgid(child, child);
	start = process_start_time(child);
	work = process_group_work(child, session, start);
	while (process_group_work(child, session, start) == work)
		usleep(1000);
	assert_int_equal(process_group_work(child, session, start + 1), 0);

	/* one that is stopped does nothing */
	kill(child, SIGSTOP);
	assert_int_equal(waitpid(child, NULL, WUNTRACED), child);
	work = process_group_work(child, session, start);
	assert_true(work > 0);
	assert_int_equal(process_group_work(child, session, start), work);
	end_child(child);
	assert_int_equal(process_group_work(child, session, start), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stopped),
		cmocka_unit_test(test_traced),
		cmocka_unit_test(test_work_of_a_group),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
