/*
 * process.c
 *
 * Finds and ends processes that a crashed sidecar left running.  Never signals
 * a process that may be somebody else's.
 */
#include "base/process.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/timestamp.h"

/* SIGKILL cannot be refused, but takes a moment. */
#define KILL_MS 1000

typedef struct ProcessFacts
{
	char state;
	pid_t parent;
	pid_t group;
	pid_t session;
	int threads;
	uint64_t work; /* CPU time in ticks, with that of children that were reaped */
	uint64_t start_time;
} ProcessFacts;

static bool has_ended(const ProcessFacts *facts);
static bool read_facts(pid_t pid, ProcessFacts *facts);
static bool await_end(pid_t group, pid_t session, uint64_t start_time, int64_t limit_ms);
static bool group_lives(pid_t group, pid_t session, uint64_t start_time);
static bool is_member(const char *name, pid_t group, pid_t session, uint64_t start_time,
					  ProcessFacts *facts);
static void read_boot_id(void);

static char boot_id[64];

uint64_t
process_start_time(pid_t pid)
{
	ProcessFacts facts;

	return read_facts(pid, &facts) ? facts.start_time : 0;
}

bool
process_is_running(pid_t pid, uint64_t start_time)
{
	ProcessFacts facts;

	return read_facts(pid, &facts) && facts.start_time == start_time && !has_ended(&facts);
}

static bool
has_ended(const ProcessFacts *facts)
{
	return strchr("ZX", facts->state) != NULL && facts->threads <= 1;
}

bool
process_has_ended(pid_t pid)
{
	ProcessFacts facts;

	return !read_facts(pid, &facts) || has_ended(&facts);
}

bool
process_is_stopped(pid_t pid)
{
	ProcessFacts facts;

	/* not 't', a debugger's stop, such as LeakSanitizer's at exit */
	return read_facts(pid, &facts) && facts.state == 'T';
}

pid_t
process_parent(pid_t pid)
{
	ProcessFacts facts;

	return read_facts(pid, &facts) ? facts.parent : 0;
}

pid_t
process_parent_and_start(pid_t pid, uint64_t *start_time)
{
	ProcessFacts facts;
	bool exists = read_facts(pid, &facts);

	*start_time = exists ? facts.start_time : 0;
	return exists ? facts.parent : 0;
}

const char *
process_boot_id(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, read_boot_id);
	return boot_id;
}

uint64_t
process_group_work(pid_t group, pid_t session, uint64_t start_time)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	uint64_t work = 0;

	while (proc != NULL && (entry = readdir(proc)) != NULL)
	{
		ProcessFacts facts;

		if (is_member(entry->d_name, group, session, start_time, &facts))
			work += facts.work;
	}
	if (proc != NULL)
		closedir(proc);
	return work;
}

bool
process_end_group(pid_t group, pid_t session, uint64_t start_time, int64_t grace_ms)
{
	if (group <= 1 || start_time == 0 || !group_lives(group, session, start_time))
		return false;
	kill(-group, SIGINT);
	if (!await_end(group, session, start_time, grace_ms))
	{
		kill(-group, SIGKILL);
		await_end(group, session, start_time, KILL_MS);
	}
	return true;
}

static bool
await_end(pid_t group, pid_t session, uint64_t start_time, int64_t limit_ms)
{
	int64_t until = monotonic_ms() + limit_ms;

	while (group_lives(group, session, start_time))
	{
		if (monotonic_ms() >= until)
			return false;
		usleep(20000);
	}
	return true;
}

static bool
read_facts(pid_t pid, ProcessFacts *facts)
{
	char path[64];
	char text[1024];
	ssize_t length;
	const char *rest;
	int fd;
	int parent;
	int group;
	int session;
	unsigned long long work[4];
	unsigned long long start_time;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int) pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	length = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (length <= 0)
		return false;
	text[length] = '\0';

	/* The second field is a name in parentheses that may contain anything. */
	rest = strrchr(text, ')');
	if (rest == NULL ||
		sscanf(rest + 1,
			   " %c %d %d %d %*d %*d %*u %*u %*u %*u %*u %llu %llu %llu %llu %*d %*d %d %*d %llu",
			   &facts->state, &parent, &group, &session, &work[0], &work[1], &work[2], &work[3],
			   &facts->threads, &start_time) != 10)
		return false;
	facts->parent = parent;
	facts->group = group;
	facts->session = session;
	facts->work = work[0] + work[1] + work[2] + work[3];
	facts->start_time = start_time;
	return true;
}

static bool
group_lives(pid_t group, pid_t session, uint64_t start_time)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	bool lives = false;

	while (proc != NULL && !lives && (entry = readdir(proc)) != NULL)
	{
		ProcessFacts facts;

		lives = is_member(entry->d_name, group, session, start_time, &facts) && !has_ended(&facts);
	}
	if (proc != NULL)
		closedir(proc);
	return lives;
}

/*
 * The kernel does not reuse a group's number while a member lives, and members inherit
 * our session.  So a process with both numbers that is no older belongs to that group.
 */
static bool
is_member(const char *name, pid_t group, pid_t session, uint64_t start_time, ProcessFacts *facts)
{
	return isdigit((unsigned char) name[0]) && read_facts((pid_t) atoi(name), facts) &&
		   facts->group == group && facts->session == session && facts->start_time >= start_time;
}

static void
read_boot_id(void)
{
	FILE *file = fopen("/proc/sys/kernel/random/boot_id", "re");

	if (file == NULL)
		return;
	if (fgets(boot_id, sizeof(boot_id), file) != NULL)
		boot_id[strcspn(boot_id, "\n")] = '\0';
	fclose(file);
}
