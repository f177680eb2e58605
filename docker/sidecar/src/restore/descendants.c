/*
 * descendants.c
 *
 * The processes below the keeper of a restored server: finds and ends them.
 * Never signals a process that is not below it.
 */
#include "restore/descendants.h"

#include <ctype.h>
#include <dirent.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/process.h"
#include "base/timestamp.h"
#include "restore/cage_filter.h"

/* How long to forbid forks before the processes are killed anyway */
#define STOP_MS 3000

typedef struct Below
{
	pid_t pid;
	pid_t parent;
	uint64_t start_time;
	enum
	{
		NOT_KNOWN,
		OURS,
		FOREIGN
	} whose;
} Below;

static int forbid_to_start(pid_t keeper);
static int kill_all(pid_t keeper);
static int open_process(const Below *process);
static bool signal_process(int handle, int number);
static bool is_ours(pid_t keeper, Below *processes, size_t count, size_t which);
static int compare_pids(const void *a, const void *b);
static size_t list_processes(Below **processes);

/* A child of the keeper was started by it or by a process below it. */
bool
descendants_are_filtered(pid_t keeper)
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

/*
 * Kills no process before all are forbidden to fork, which a process cannot
 * undo and its children inherit: a program that forks faster than the keeper
 * finds it ends once it has been found.
 */
int
descendants_end(pid_t keeper)
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

/*
 * Visits each process once: the result holds for all its ancestors up to the keeper.
 * A parent that is still the one that was listed was so when its child was: its pid may
 * have been that of another process, below the keeper, when the list began.
 */
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
		else if ((parent = bsearch(&wanted, processes, count, sizeof(Below), compare_pids)) != NULL &&
				 is_ours(keeper, processes, count, (size_t) (parent - processes)) &&
				 process_start_time(parent->pid) == parent->start_time)
			process->whose = OURS;
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
		Below process = {.pid = (pid_t) atoi(entry->d_name)};

		if (!isdigit((unsigned char) entry->d_name[0]))
			continue;
		process.parent = process_parent_and_start(process.pid, &process.start_time);
		if (process.parent <= 0)
			continue;
		if (count == room)
		{
			room = 2 * room + 256;
			*processes = mem_realloc(*processes, room * sizeof(Below));
		}
		(*processes)[count++] = process;
	}
	if (proc != NULL)
		closedir(proc);
	if (count > 0)
		qsort(*processes, count, sizeof(Below), compare_pids);
	return count;
}
