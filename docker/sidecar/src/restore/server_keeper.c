/*
 * server_keeper.c
 *
 * The parent of a restored server, outside of its confinement.  What the
 * server starts and leaves, even a daemon in a session of its own, becomes a
 * child of the keeper, which ends it once the server has ended.  Never signals
 * a process that is not below it.
 */
#include "restore/server_keeper.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/files.h"
#include "base/memory.h"
#include "base/process.h"
#include "base/timestamp.h"
#include "restore/cage_filter.h"
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

/* How long to forbid forks before the processes are killed anyway */
#define STOP_MS 3000

/* As /proc/PID/comm shows it; only the process itself can set it. */
#define KEEPER_NAME "server-keeper"

/* Directory, bindir, port, network, required */
#define ARGUMENTS 5

typedef struct Report
{
	int error;
	CageHold held;
} Report;

typedef struct Below
{
	pid_t pid;
	pid_t parent;
	enum
	{
		NOT_KNOWN,
		OURS,
		FOREIGN
	} whose;
} Below;

static void attributes_of_a_session(posix_spawnattr_t *attributes);
static int start_server(const Cage *cage, CageHold *held, pid_t *pid);
static void limit_processes(void);
static int forbid_to_start(pid_t keeper);
static int kill_all(pid_t keeper);
static int open_process(const Below *process);
static bool signal_process(int handle, int number);
static bool is_ours(pid_t keeper, Below *processes, size_t count, size_t which);
static int compare_pids(const void *a, const void *b);
static size_t list_processes(Below **processes);

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

/* A child of the keeper was started by it or by a process below it. */
bool
server_keeper_is_filtered(pid_t keeper)
{
	Below *processes;
	size_t count = list_processes(&processes);
	size_t children = 0;
	bool filtered = true;

	for (size_t i = 0; i < count; i++)
	{
		/* of one that has ended nothing is told, and it does nothing any more */
		if (processes[i].parent != keeper || process_has_ended(processes[i].pid))
			continue;
		children++;
		filtered = filtered && process_is_filtered(processes[i].pid);
	}
	free(processes);
	return filtered && children > 0;
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
			server_keeper_end_below(getpid());
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

/*
 * Kills no process before all are forbidden to fork, which a process cannot
 * undo and its children inherit: a program that forks faster than the keeper
 * finds it ends once it has been found.
 */
int
server_keeper_end_below(pid_t keeper)
{
	int64_t until = monotonic_ms() + STOP_MS;

	while (forbid_to_start(keeper) > 0 && monotonic_ms() < until)
		;
	return kill_all(keeper);
}

/* How many could fork until now; also stops them, which they may undo. */
static int
forbid_to_start(pid_t keeper)
{
	const struct rlimit none = {0, 0};
	Below *processes;
	size_t count = list_processes(&processes);
	int found = 0;

	for (size_t i = 0; i < count; i++)
	{
		struct rlimit before = none;

		int handle = is_ours(keeper, processes, count, i) ? open_process(&processes[i]) : -1;

		if (handle < 0)
			continue;
		/* its PID is not reused while it is stopped and not reaped */
		if (signal_process(handle, SIGSTOP) &&
			prlimit(processes[i].pid, RLIMIT_NPROC, &none, &before) == 0 && before.rlim_max > 0)
			found++;
		close(handle);
	}
	free(processes);
	return found;
}

/* How many existed when they were killed */
static int
kill_all(pid_t keeper)
{
	Below *processes;
	size_t count = list_processes(&processes);
	int found = 0;

	for (size_t i = 0; i < count; i++)
	{
		if (is_ours(keeper, processes, count, i) && !process_has_ended(processes[i].pid))
		{
			int handle = open_process(&processes[i]);

			if (handle >= 0)
			{
				signal_process(handle, SIGKILL);
				close(handle);
			}
			found++;
		}
	}
	free(processes);
	return found;
}

/* A pidfd; -1: it is no longer the process that was listed. */
static int
open_process(const Below *process)
{
	int handle = (int) syscall(SYS_pidfd_open, process->pid, 0);

	/* the same process: its parent, which is the keeper or below it, has not reaped it */
	if (handle >= 0 && process_parent(process->pid) != process->parent)
	{
		close(handle);
		return -1;
	}
	return handle;
}

static bool
signal_process(int handle, int number)
{
	return syscall(SYS_pidfd_send_signal, handle, number, NULL, 0) == 0;
}

/* Visits each process once: the result holds for all its ancestors up to the keeper. */
static bool
is_ours(pid_t keeper, Below *processes, size_t count, size_t which)
{
	Below *process = &processes[which];

	if (process->whose == NOT_KNOWN)
	{
		Below wanted = {.pid = process->parent};
		Below *parent;

		process->whose = FOREIGN; /* ends the recursion in a cycle of parents */
		if (process->parent == keeper)
			process->whose = OURS;
		else if ((parent = bsearch(&wanted, processes, count, sizeof(Below), compare_pids)) != NULL)
			process->whose = is_ours(keeper, processes, count, (size_t) (parent - processes))
								 ? OURS
								 : FOREIGN;
	}
	return process->whose == OURS;
}

static int
compare_pids(const void *a, const void *b)
{
	const Below *left = a;
	const Below *right = b;

	return (left->pid > right->pid) - (left->pid < right->pid);
}

static size_t
list_processes(Below **processes)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	size_t count = 0;
	size_t room = 0;

	*processes = NULL;
	while (proc != NULL && (entry = readdir(proc)) != NULL)
	{
		pid_t pid = (pid_t) atoi(entry->d_name);
		pid_t parent = isdigit((unsigned char) entry->d_name[0]) ? process_parent(pid) : 0;

		if (parent <= 0)
			continue;
		if (count == room)
		{
			room = 2 * room + 256;
			*processes = mem_realloc(*processes, room * sizeof(Below));
		}
		(*processes)[count++] = (Below){pid, parent, NOT_KNOWN};
	}
	if (proc != NULL)
		closedir(proc);
	if (count > 0)
		qsort(*processes, count, sizeof(Below), compare_pids);
	return count;
}
