/*
 * runner.c
 *
 * Runs a program in a process group of its own, reads its output, and ends the
 * whole group when its time is up.  Uses no shell.
 */
#include "barman/runner.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "barman/output_stream.h"
#include "base/memory.h"
#include "base/timestamp.h"

/*
 * diagnose of a server with thousands of backups is a few megabytes; a larger
 * output is an error.
 */
#define OUT_MAX (32 * 1024 * 1024)

/* A longer standard error is read, and the rest dropped. */
#define ERR_MAX (256 * 1024)

/* How long a pipe may stay open after the child itself has ended */
#define DRAIN_MS 1000

/* Between SIGINT and SIGKILL if the caller hurries a run */
#define HURRIED_GRACE_MS 4000

/* How often to check whether to hurry a run that is ending */
#define ENDING_POLL_MS 200

/* How often to check for the end of the child without a pidfd */
#define NO_PIDFD_POLL_MS 20

typedef enum EndReason
{
	NOT_ENDING,
	ENDING_DEADLINE,
	ENDING_CANCELLED,
	ENDING_TOO_LARGE
} EndReason;

static int start_child(const RunRequest *request, pid_t *pid, OutputStream *out, OutputStream *err);
static void watch_child(const RunRequest *request, RunResult *result, pid_t pid, OutputStream *out,
						OutputStream *err);
static bool child_has_ended(pid_t pid);
static int open_pidfd(pid_t pid);
static int open_input(const char *text, int *fd);

void
runner_run(const RunRequest *request, RunResult *result)
{
	OutputStream out = {.fd = -1,
						.limit = OUT_MAX,
						.sink = request->sink,
						.sink_arg = request->sink_arg};
	OutputStream err = {.fd = -1, .limit = ERR_MAX};
	int64_t started = monotonic_ms();
	pid_t pid;

	memset(result, 0, sizeof(*result));
	if (request->control != NULL && run_control_cancelled(request->control))
		result->outcome = RUN_CANCELLED;
	else
	{
		result->start_error = start_child(request, &pid, &out, &err);
		if (result->start_error != 0)
			result->outcome = RUN_NOT_STARTED;
		else
		{
			if (request->started != NULL)
				request->started(request->arg, pid);
			watch_child(request, result, pid, &out, &err);
		}
	}
	output_close(&out);
	output_close(&err);
	result->out = out.data != NULL ? out.data : mem_strdup("");
	result->out_length = out.length;
	result->err = err.data != NULL ? err.data : mem_strdup("");
	result->err_length = err.length;
	result->elapsed_ms = monotonic_ms() - started;
}

void
runner_free(RunResult *result)
{
	free(result->out);
	free(result->err);
	memset(result, 0, sizeof(*result));
}

BarmanOutput
runner_output(const RunResult *result)
{
	BarmanOutput output = {
		.exit_code = result->outcome == RUN_EXITED ? result->exit_code : 1,
		.out = result->out,
		.out_length = result->out_length,
		.err = result->err,
		.err_length = result->err_length,
	};

	return output;
}

/*
 * Spawn the child with its input, or /dev/null, and pipes for the rest.  Our
 * descriptors are all close-on-exec, so it inherits nothing else.
 */
static int
start_child(const RunRequest *request, pid_t *pid, OutputStream *out, OutputStream *err)
{
	extern char **environ;
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t none;
	sigset_t defaults;
	int out_pipe[2];
	int err_pipe[2];
	int input = -1;
	int error;

	error = output_open_pipe(out_pipe);
	if (error != 0)
		return error;
	error = output_open_pipe(err_pipe);
	if (error != 0)
	{
		close(out_pipe[0]);
		close(out_pipe[1]);
		return error;
	}
	error = request->input != NULL ? open_input(request->input, &input) : 0;
	if (error != 0)
	{
		close(out_pipe[0]);
		close(out_pipe[1]);
		close(err_pipe[0]);
		close(err_pipe[1]);
		return error;
	}

	sigemptyset(&none);
	sigemptyset(&defaults);
	sigaddset(&defaults, SIGINT);
	sigaddset(&defaults, SIGTERM);
	sigaddset(&defaults, SIGHUP);
	sigaddset(&defaults, SIGPIPE);
	sigaddset(&defaults, SIGXFSZ);

	posix_spawn_file_actions_init(&actions);
	if (input >= 0)
		posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
	else
		posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, out_pipe[1], STDOUT_FILENO);
	posix_spawn_file_actions_adddup2(&actions, err_pipe[1], STDERR_FILENO);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setpgroup(&attributes, 0);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setsigdefault(&attributes, &defaults);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK |
											  POSIX_SPAWN_SETSIGDEF);

	if (request->spawn != NULL)
		error = request->spawn(request->how, pid, request->argv[0], &actions, &attributes,
							   (char *const *) (uintptr_t) request->argv);
	else
		error = posix_spawn(pid, request->argv[0], &actions, &attributes,
							(char *const *) (uintptr_t) request->argv, environ);

	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	close(out_pipe[1]);
	close(err_pipe[1]);
	if (input >= 0)
		close(input);
	if (error != 0)
	{
		close(out_pipe[0]);
		close(err_pipe[0]);
		return error;
	}
	out->fd = out_pipe[0];
	err->fd = err_pipe[0];
	return 0;
}

/*
 * Read until the child has ended and its pipes are closed.
 *
 * The child is reaped last: until then the kernel cannot reuse its pid, which
 * is also the number of its process group, so kill() is safe.
 */
static void
watch_child(const RunRequest *request, RunResult *result, pid_t pid, OutputStream *out,
			OutputStream *err)
{
	int pidfd = open_pidfd(pid);
	int64_t deadline = monotonic_ms() + request->deadline_ms;
	int64_t kill_at = 0;	 /* when to send SIGKILL, if ending */
	int64_t drain_until = 0; /* once the child has ended */
	int64_t next_tick = monotonic_ms() + request->tick_ms;
	EndReason reason = NOT_ENDING;
	bool ended = false;
	bool killed = false;
	bool given_up = false;
	int status = 0;

	while (!ended || out->fd >= 0 || err->fd >= 0)
	{
		struct pollfd fds[4] = {
			{.fd = out->fd, .events = POLLIN},
			{.fd = err->fd, .events = POLLIN},
			{.fd = ended ? -1 : pidfd, .events = POLLIN},
			{.fd = request->control != NULL && reason == NOT_ENDING
					   ? run_control_event(request->control)
					   : -1,
			 .events = POLLIN},
		};
		int64_t now = monotonic_ms();
		int64_t until = deadline;

		if (reason != NOT_ENDING)
			until = killed ? now + NO_PIDFD_POLL_MS : now + ENDING_POLL_MS;
		if (ended)
			until = drain_until;
		else if (pidfd < 0 && until > now + NO_PIDFD_POLL_MS)
			until = now + NO_PIDFD_POLL_MS;
		if (request->tick != NULL && !ended && until > next_tick)
			until = next_tick;
		if (until > now + 60000)
			until = now + 60000; /* poll() takes an int */
		poll(fds, 4, until > now ? (int) (until - now) : 0);
		now = monotonic_ms();

		if (out->fd >= 0 && fds[0].revents != 0 && out->sink != NULL)
			output_pass_on(out);
		else if (out->fd >= 0 && fds[0].revents != 0)
			output_read(out);
		if (err->fd >= 0 && fds[1].revents != 0)
			output_read(err);
		if (!ended && child_has_ended(pid))
		{
			ended = true;
			drain_until = now + DRAIN_MS;
			/* Its own children must not outlive a run that we end. */
			if (reason != NOT_ENDING)
				kill(-pid, SIGKILL);
		}
		if (ended && now >= drain_until)
			break;

		if (request->tick != NULL && !ended && now >= next_tick)
		{
			given_up = !request->tick(request->arg);
			next_tick = monotonic_ms() + request->tick_ms;
		}
		if (reason == NOT_ENDING && !ended)
		{
			if ((request->control != NULL && run_control_cancelled(request->control)) || out->refused)
				reason = ENDING_CANCELLED;
			else if (out->overflow)
				reason = ENDING_TOO_LARGE;
			else if (now >= deadline || given_up)
				reason = ENDING_DEADLINE;
			if (reason != NOT_ENDING)
			{
				kill(-pid, SIGINT);
				kill_at = now + request->grace_ms;
			}
		}
		if (reason != NOT_ENDING && request->control != NULL &&
			run_control_hurried(request->control) && kill_at > now + HURRIED_GRACE_MS)
			kill_at = now + HURRIED_GRACE_MS;
		if (reason != NOT_ENDING && !ended && !killed && now >= kill_at)
		{
			kill(-pid, SIGKILL);
			killed = true;
		}
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (pidfd >= 0)
		close(pidfd);

	result->exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
	result->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
	if (reason == ENDING_DEADLINE)
		result->outcome = RUN_TIMED_OUT;
	else if (reason == ENDING_CANCELLED || out->refused)
		result->outcome = RUN_CANCELLED;
	else if (reason == ENDING_TOO_LARGE || out->overflow)
		result->outcome = RUN_TOO_LARGE;
	else
		result->outcome = WIFEXITED(status) ? RUN_EXITED : RUN_SIGNALED;
}

/* Checks without reaping. */
static bool
child_has_ended(pid_t pid)
{
	siginfo_t info;

	info.si_pid = 0;
	if (waitid(P_PID, (id_t) pid, &info, WEXITED | WNOHANG | WNOWAIT) != 0)
		return errno != EINTR;
	return info.si_pid == pid;
}

/* By number: older C libraries have no wrapper, older kernels no such call. */
static int
open_pidfd(pid_t pid)
{
#ifdef SYS_pidfd_open
	return (int) syscall(SYS_pidfd_open, pid, 0); /* close-on-exec by itself */
#else
	(void) pid;
	return -1;
#endif
}

/* A file in memory, so that no thread has to feed the child; returns errno. */
static int
open_input(const char *text, int *fd)
{
	size_t length = strlen(text);
	int error = 0;

	*fd = memfd_create("input", MFD_CLOEXEC);
	if (*fd < 0)
		return errno;
	while (error == 0 && length > 0)
	{
		ssize_t written = write(*fd, text, length);

		if (written > 0)
		{
			text += written;
			length -= (size_t) written;
		}
		else if (errno != EINTR)
			error = errno;
	}
	if (error == 0 && lseek(*fd, 0, SEEK_SET) != 0)
		error = errno;
	if (error != 0)
		close(*fd);
	return error;
}
