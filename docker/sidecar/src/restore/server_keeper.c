/*
 * server_keeper.c
 *
 * The parent of a restored server, outside of its confinement.  What the
 * server starts and leaves, even a daemon in a session of its own, becomes a
 * child of the keeper, which ends it once the server has ended
 * (descendants.c).
 */
#include "restore/server_keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/files.h"
#include "base/memory.h"
#include "base/timestamp.h"
#include "restore/descendants.h"
#include "restore/instance_files.h"
#include "restore/process_limit.h"
#include "restore/shared_memory.h"

/* The descriptor on which the keeper reports the start */
#define REPORT_FILE 3

/* The server's own processes notice its end, and exit by themselves. */
#define GRACE_MS 2000

/* Interval of attempts to end the remaining processes */
#define AGAIN_MS 20
#define IDLE_MS	 60000

/* As /proc/PID/comm shows it; only the process itself can set it. */
#define KEEPER_NAME "server-keeper"

/* Directory, bindir, port, network, required */
#define ARGUMENTS 5

typedef struct Report
{
	int error;
	CageHold held;
} Report;

static void attributes_of_a_session(posix_spawnattr_t *attributes);
static int start_server(const Cage *cage, CageHold *held, pid_t *pid);
static void limit_processes(void);

int
server_keeper_start(const Cage *cage, CageHold *held, pid_t *pid)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	char *port = mem_printf("%d", cage->port);
	char *argv[] = {"barman-sidecar",
					SERVER_KEEPER,
					(char *) (uintptr_t) cage->directory,
					(char *) (uintptr_t) cage->bindir,
					port,
					cage->network ? "1" : "0",
					cage->required ? "1" : "0",
					NULL};
	Report report = {0};
	int ends[2];
	int error;

	if (pipe2(ends, O_CLOEXEC) != 0)
	{
		free(port);
		return errno;
	}
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, ends[1], REPORT_FILE);
	posix_spawn_file_actions_addclosefrom_np(&actions, REPORT_FILE + 1);
	attributes_of_a_session(&attributes);
	error = posix_spawn(pid, "/proc/self/exe", &actions, &attributes, argv, environ);
	close(ends[1]);
	if (error == 0)
	{
		ssize_t got;

		while ((got = read(ends[0], &report, sizeof(report))) < 0 && errno == EINTR)
			;
		*held = report.held;
		error = got == (ssize_t) sizeof(report) ? report.error : ECHILD;
		if (error != 0)
		{
			kill(*pid, SIGKILL);
			waitpid(*pid, NULL, 0);
		}
	}
	close(ends[0]);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	free(port);
	return error;
}

bool
server_keeper_is(pid_t pid)
{
	char *path = mem_printf("/proc/%d/comm", (int) pid);
	char *name = files_read(path);
	bool is = name != NULL && strcmp(name, KEEPER_NAME "\n") == 0;

	free(name);
	free(path);
	return is;
}

int
server_keeper_main(int argc, char **argv)
{
	Report report = {.error = EINVAL};
	SharedKeys keys = {0};
	sigset_t signals;
	pid_t server = 0;
	int64_t end_at = -1;

	/* killing the sidecar by its name must not kill its servers */
	prctl(PR_SET_NAME, KEEPER_NAME, 0, 0, 0);
	sigemptyset(&signals);
	sigaddset(&signals, SIGCHLD);
	sigaddset(&signals, SIGQUIT);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGHUP);
	/* the sidecar may be gone before the report */
	sigaddset(&signals, SIGPIPE);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	if (argc == ARGUMENTS && prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0)
	{
		const Cage cage = {
			.directory = argv[0],
			.bindir = argv[1],
			.port = atoi(argv[2]),
			.network = argv[3][0] == '1',
			.required = argv[4][0] == '1',
			.keys = &keys,
		};

		limit_processes();
		report.error = shared_memory_keys(cage.directory, &keys);
		if (report.error == 0)
			report.error = start_server(&cage, &report.held, &server);
	}
	if (write(REPORT_FILE, &report, sizeof(report)) != (ssize_t) sizeof(report))
		end_at = 0; /* no sidecar knows of it */
	close(REPORT_FILE);

	for (;;)
	{
		struct timespec pause;
		int64_t now = monotonic_ms();
		int64_t wait_ms = end_at < 0 ? IDLE_MS : now < end_at ? end_at - now : AGAIN_MS;
		pid_t ended;

		while ((ended = waitpid(-1, NULL, WNOHANG)) > 0)
		{
			if (ended == server)
			{
				server = 0;
				end_at = end_at < 0 ? now + GRACE_MS : end_at;
				wait_ms = AGAIN_MS;
			}
		}
		if (ended < 0 && errno == ECHILD)
		{
			shared_memory_remove(&keys);
			return report.error != 0;
		}
		if (end_at >= 0 && now >= end_at)
			descendants_end(getpid());
		pause.tv_sec = wait_ms / 1000;
		pause.tv_nsec = wait_ms % 1000 * 1000000;
		switch (sigtimedwait(&signals, NULL, &pause))
		{
			case SIGQUIT:
				if (server > 0)
					kill(server, SIGQUIT);
				break;
			case SIGTERM:
				end_at = 0;
				break;
			default:
				break;
		}
	}
}

/* A session of its own, and signals as a shell gives them to a program */
static void
attributes_of_a_session(posix_spawnattr_t *attributes)
{
	sigset_t none;
	sigset_t all;

	sigemptyset(&none);
	sigfillset(&all);
	posix_spawnattr_init(attributes);
	posix_spawnattr_setsigmask(attributes, &none);
	posix_spawnattr_setsigdefault(attributes, &all);
	posix_spawnattr_setflags(attributes,
							 POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
}

static int
start_server(const Cage *cage, CageHold *held, pid_t *pid)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	char *program = mem_printf("%s/postgres", cage->bindir);
	char *data = mem_printf("%s/" INSTANCE_DATA, cage->directory);
	char *config = mem_printf("config_file=%s/" INSTANCE_CONFIG, cage->directory);
	char *hba = mem_printf("hba_file=%s/" INSTANCE_HBA, cage->directory);
	char *ident = mem_printf("ident_file=%s/" INSTANCE_IDENT, cage->directory);
	char *where = mem_printf("data_directory=%s", data);
	char *log = mem_printf("%s/" INSTANCE_LOG, cage->directory);
	char *argv[] = {program,
					"-D",
					data,
					"-c",
					config,
					"-c",
					hba,
					"-c",
					ident,
					"-c",
					where,
					"-c",
					"external_pid_file=",
					NULL};
	int error;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, log, O_WRONLY | O_CREAT | O_APPEND,
									 0600);
	posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO);
	attributes_of_a_session(&attributes);

	error = cage_spawn(cage, held, pid, program, &actions, &attributes, argv);

	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	free(program);
	free(data);
	free(config);
	free(hba);
	free(ident);
	free(where);
	free(log);
	return error;
}

/*
 * Limits all processes of Barman's user together: without it, a program that
 * forks faster than it is stopped would never end.
 */
static void
limit_processes(void)
{
	const rlim_t most = (rlim_t) process_limit("");
	struct rlimit limit;

	if (getrlimit(RLIMIT_NPROC, &limit) != 0)
		return;
	limit.rlim_cur = limit.rlim_cur < most ? limit.rlim_cur : most;
	limit.rlim_max = limit.rlim_max < most ? limit.rlim_max : most;
	setrlimit(RLIMIT_NPROC, &limit);
}
