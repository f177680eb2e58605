/*
 * backup_hold.c
 *
 * Holds Barman's lock files while a backup is copied, as Barman's own commands
 * do.  Never removes one.  Releases barman cron as soon as it notices that no
 * WAL receiver runs.
 */
#include "barman/backup_hold.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "barman/catalogue.h"
#include "barman/read_commands.h"
#include "base/log.h"
#include "base/memory.h"

/* Since this version the retention policy locks a backup before it deletes it. */
#define VERSION_RETENTION_LOCKS 31300

/* A lock file of Barman's that we hold for count restores */
typedef struct Held
{
	struct Held *next;
	char *path;
	int file; /* -1: released */
	int count;
} Held;

struct BackupHold
{
	BackupHold *next;
	char *server;
	bool needs_receiver;
	Held *cron; /* the lock of barman cron, or NULL */
	Held **backups;
	size_t count;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static BackupHold *holds;
static Held *held;

static Held *take(const char *directory, const char *server, const char *what, bool *busy);
static int lock_file(const char *path, bool *busy);
static void give_back(Held *one);
static bool holds_maintenance(BackupHold *hold);
static bool is_taken(const char *directory, const char *server, const char *what);
static bool has_locks(const char *directory, const char *server);

BackupHold *
backup_hold(const char *server, const json_t *ids, bool *busy)
{
	char *directory = catalogue_directory(server, "locks");
	BackupHold *hold;
	json_t *id;
	json_t *told;
	size_t i;
	bool locks_cron;

	*busy = false;
	if (directory == NULL || !has_locks(directory, server))
	{
		free(directory);
		return NULL;
	}
	hold = mem_alloc(sizeof(BackupHold));
	hold->server = mem_strdup(server);
	hold->backups = mem_alloc((json_array_size(ids) + 1) * sizeof(Held *));
	locks_cron = barman_version() < VERSION_RETENTION_LOCKS;
	pthread_mutex_lock(&lock);
	if (locks_cron)
		hold->cron = take(directory, server, "cron", busy);
	json_array_foreach (ids, i, id)
	{
		Held *one = *busy ? NULL : take(directory, server, json_string_value(id), busy);

		if (one != NULL)
			hold->backups[hold->count++] = one;
	}
	told = catalogue_facts(server);
	hold->needs_receiver = json_is_true(json_object_get(told, "receives")) ||
						   is_taken(directory, server, "receive-wal");
	json_decref(told);
	free(directory);
	hold->next = holds;
	holds = hold;
	pthread_mutex_unlock(&lock);
	/* without all the locks, nothing protects the backups */
	if (!*busy && hold->count == json_array_size(ids) && (!locks_cron || hold->cron != NULL))
		return hold;
	backup_let_go(hold);
	return NULL;
}

void
backup_let_go(BackupHold *hold)
{
	if (hold == NULL)
		return;
	pthread_mutex_lock(&lock);
	for (BackupHold **link = &holds; *link != NULL; link = &(*link)->next)
	{
		if (*link == hold)
		{
			*link = hold->next;
			break;
		}
	}
	while (hold->count > 0)
		give_back(hold->backups[--hold->count]);
	give_back(hold->cron);
	pthread_mutex_unlock(&lock);
	free(hold->backups);
	free(hold->server);
	free(hold);
}

bool
backup_is_there(const char *server, const char *id)
{
	char *base = catalogue_directory(server, "base");
	char *path;
	struct stat status;
	bool there;

	if (base == NULL)
		return true;
	path = mem_printf("%s/%s/data", base, id);
	there = stat(path, &status) == 0;
	free(path);
	free(base);
	return there;
}

json_t *
backup_held_servers(void)
{
	json_t *servers = json_checked(json_array());

	pthread_mutex_lock(&lock);
	for (BackupHold *hold = holds; hold != NULL; hold = hold->next)
	{
		if (holds_maintenance(hold))
			json_array_append_new(servers, json_text(hold->server));
	}
	pthread_mutex_unlock(&lock);
	return servers;
}

void
backup_hold_look(BackupHold *hold)
{
	pthread_mutex_lock(&lock);
	if (hold != NULL)
		holds_maintenance(hold);
	pthread_mutex_unlock(&lock);
}

/* Releases barman cron if WAL should be received and is not.  The caller holds the lock. */
static bool
holds_maintenance(BackupHold *hold)
{
	char *directory;

	if (hold->cron == NULL || hold->cron->file < 0)
		return false;
	directory = catalogue_directory(hold->server, "locks");
	if (hold->needs_receiver && directory != NULL && !is_taken(directory, hold->server, "receive-wal"))
	{
		log_line(LOGLEVEL_WARNING,
				 "maintenance goes on although a backup is being copied, for WAL is not received",
				 "server", hold->server, NULL);
		close(hold->cron->file);
		hold->cron->file = -1;
	}
	free(directory);
	return hold->cron->file >= 0;
}

/* Lock ".SERVER-WHAT.lock" and write our pid into it, as Barman does; or NULL */
static Held *
take(const char *directory, const char *server, const char *what, bool *busy)
{
	char *path = mem_printf("%s/.%s-%s.lock", directory, server, what);
	Held *one = held;
	int file;

	while (one != NULL && strcmp(one->path, path) != 0)
		one = one->next;
	if (one == NULL && (file = lock_file(path, busy)) >= 0)
	{
		one = mem_alloc(sizeof(Held));
		one->path = mem_strdup(path);
		one->file = file;
		one->next = held;
		held = one;
	}
	if (one != NULL)
		one->count++;
	free(path);
	return one;
}

static int
lock_file(const char *path, bool *busy)
{
	int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	char pid[32];
	int length = snprintf(pid, sizeof(pid), "%ld\n", (long) getpid());

	if (file >= 0 && flock(file, LOCK_EX | LOCK_NB) != 0)
	{
		*busy = *busy || errno == EWOULDBLOCK;
		close(file);
		return -1;
	}
	if (file >= 0 && (ftruncate(file, 0) != 0 || pwrite(file, pid, (size_t) length, 0) != length))
		log_line(LOGLEVEL_WARNING, "could not write a lock file of Barman's", "path", path, NULL);
	return file;
}

static void
give_back(Held *one)
{
	if (one == NULL || --one->count > 0)
		return;
	for (Held **link = &held; *link != NULL; link = &(*link)->next)
	{
		if (*link == one)
		{
			*link = one->next;
			break;
		}
	}
	if (one->file >= 0)
		close(one->file);
	free(one->path);
	free(one);
}

/*
 * Newer versions of Barman do not report their lock directory; locks in a wrong
 * directory would protect nothing.
 */
static bool
has_locks(const char *directory, const char *server)
{
	/* We never create these, and Barman never removes them. */
	static const char *const barmans[] = {"backup", "archive-wal", "receive-wal"};
	bool has = false;

	for (size_t i = 0; !has && i < sizeof(barmans) / sizeof(barmans[0]); i++)
	{
		char *path = mem_printf("%s/.%s-%s.lock", directory, server, barmans[i]);

		has = access(path, F_OK) == 0;
		free(path);
	}
	return has;
}

static bool
is_taken(const char *directory, const char *server, const char *what)
{
	char *path = mem_printf("%s/.%s-%s.lock", directory, server, what);
	int file = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	bool taken = file >= 0 && flock(file, LOCK_EX | LOCK_NB) != 0;

	if (file >= 0)
		close(file);
	free(path);
	return taken;
}
