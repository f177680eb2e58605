/*
 * test_files_lock.c
 *
 * A lock waits for what a killed program had begun to start, and not for a
 * program that runs.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/files.h"

static char path[] = "/tmp/sidecar-lock-XXXXXX";

/* Locked, also by a child that has the descriptor until it is told to end */
static pid_t
hold(int pipe_end[2])
{
	int fd = open(path, O_RDWR | O_CLOEXEC);
	pid_t child;

	assert_int_equal(files_lock(fd), 0);
	assert_int_equal(pipe(pipe_end), 0);
	child = fork();
	if (child == 0)
	{
		char byte;

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(pipe_end[1]);
		(void) !read(pipe_end[0], &byte, 1);
		_exit(0);
	}
	close(pipe_end[0]);
	close(fd);
	return child;
}

static void
test_what_ends_soon_is_waited_for(void **state)
{
	int ends[2];
	pid_t child = hold(ends);
	int fd = open(path, O_RDWR | O_CLOEXEC);
	pid_t waker = fork();

	(void) state;
	/* the last writer of the pipe lets the child end: while the lock is waited for, most likely */
	if (waker == 0)
	{
		poll(NULL, 0, 100);
		_exit(0);
	}
	close(ends[1]);
	assert_int_equal(files_lock(fd), 0);
	assert_int_equal(waitpid(child, NULL, 0), child);
	assert_int_equal(waitpid(waker, NULL, 0), waker);
	close(fd);
}

static void
test_what_runs_is_not(void **state)
{
	int ends[2];
	pid_t child = hold(ends);
	int fd = open(path, O_RDWR | O_CLOEXEC);

	(void) state;
	assert_int_equal(files_lock(fd), EWOULDBLOCK);
	close(ends[1]);
	assert_int_equal(waitpid(child, NULL, 0), child);
	assert_int_equal(files_lock(fd), 0);
	close(fd);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_ends_soon_is_waited_for),
		cmocka_unit_test(test_what_runs_is_not),
	};
	int fd = mkstemp(path);
	int failed;

	if (fd < 0)
		return 1;
	close(fd);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	unlink(path);
	return failed;
}
