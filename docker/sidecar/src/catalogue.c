/*
 * catalogue.c
 *
 * Watches the files of Barman's catalogue by their stat data, so that the
 * cache knows when it is stale.  Never reads what is in them.
 */
#include "catalogue.h"

#include <dirent.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "barman_json.h"
#include "instance_files.h"
#include "memory.h"
#include "timestamp.h"

/*
 * A directory changed less than this ago may change again without its time
 * moving (file systems keep time in ticks), so its list is not yet trusted.
 */
#define SETTLED_NS INT64_C(2000000000)

#define FNV_OFFSET UINT64_C(14695981039346656037)
#define FNV_PRIME UINT64_C(1099511628211)

typedef struct Listing
{
	char	   *path;			/* directory */
	const char *suffix;			/* from an entry's name to its backup.info */
	struct stat stat;			/* when it was read */
	bool		settled;
	char	  **files;			/* paths of the backup.info files */
	size_t		count;
} Listing;

typedef struct Catalogue
{
	struct Catalogue *next;
	char	   *server;
	json_t	   *directories;
	Listing		base;
	Listing		meta;
	char	   *xlogdb;			/* before Barman 3.13.2 */
	char	   *server_xlogdb;	/* since */
	int64_t		looked;			/* when its files were looked at, */
	uint64_t	signature;		/* and what was seen */
} Catalogue;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static Catalogue *catalogues;
static char *store;				/* the file that outlives us; NULL: none */

static void keep(void);
static Catalogue *find(const char *server);
static void forget(Catalogue *catalogue);
static const char *directory_of(const Catalogue *catalogue, const char *area);
static uint64_t hash_bytes(uint64_t hash, const void *bytes, size_t length);
static uint64_t hash_stat(uint64_t hash, const char *path, struct stat *found);
static uint64_t hash_listing(uint64_t hash, Listing *listing);
static uint64_t hash_names(uint64_t hash, const char *path);
static void listing_read(Listing *listing, const struct stat *now);
static void listing_clear(Listing *listing);
static bool same_stat(const struct stat *a, const struct stat *b);
static bool looks_like_id(const char *name);
static json_t *describe(const char *base, const char *id);

void
catalogue_start(const char *state_dir)
{
	char	   *path = mem_printf("%s/catalogue.json", state_dir);
	json_t	   *known = instance_files_json(path);
	const char *server;
	json_t	   *directories;

	json_object_foreach(known, server, directories)
	{
		if (barman_valid_server_name(server) && json_is_object(directories))
			catalogue_learn(server, directories);
	}
	json_decref(known);
	pthread_mutex_lock(&lock);
	store = path;
	pthread_mutex_unlock(&lock);
}

/* The lock is held.  Without the file Barman has to be asked again, no more. */
static void
keep(void)
{
	json_t	   *known = json_checked(json_object());
	char	   *text;

	for (Catalogue *c = catalogues; c != NULL; c = c->next)
		json_object_set(known, c->server, c->directories);
	text = json_dumps(known, JSON_INDENT(2));
	if (text != NULL)
		instance_files_write(store, text);
	free(text);
	json_decref(known);
}

void
catalogue_learn(const char *server, const json_t *directories)
{
	Catalogue  *catalogue;
	const char *base;
	const char *wals;

	pthread_mutex_lock(&lock);
	catalogue = find(server);
	if (catalogue != NULL && json_equal(catalogue->directories, directories))
	{
		pthread_mutex_unlock(&lock);
		return;
	}
	if (catalogue == NULL)
	{
		catalogue = mem_alloc(sizeof(Catalogue));
		catalogue->server = mem_strdup(server);
		catalogue->next = catalogues;
		catalogues = catalogue;
	}
	else
		forget(catalogue);
	catalogue->directories = json_checked(json_deep_copy(directories));
	catalogue->looked = -1;
	base = directory_of(catalogue, "base");
	wals = directory_of(catalogue, "wals");
	if (base != NULL)
	{
		catalogue->base.path = mem_strdup(base);
		catalogue->base.suffix = "/backup.info";
		/* since 3.13.2: the directory "meta" beside "base" */
		catalogue->meta.path = mem_printf("%s/../meta", base);
		catalogue->meta.suffix = "";
	}
	if (wals != NULL)
	{
		catalogue->xlogdb = mem_printf("%s/xlog.db", wals);
		catalogue->server_xlogdb = mem_printf("%s/%s-xlog.db", wals, server);
	}
	if (store != NULL)
		keep();
	pthread_mutex_unlock(&lock);
}

bool
catalogue_known(const char *server)
{
	bool		known;

	pthread_mutex_lock(&lock);
	known = find(server) != NULL;
	pthread_mutex_unlock(&lock);
	return known;
}

json_t *
catalogue_told(const char *server)
{
	Catalogue  *catalogue;
	json_t	   *told;

	pthread_mutex_lock(&lock);
	catalogue = find(server);
	told = catalogue != NULL ? json_deep_copy(catalogue->directories) : NULL;
	pthread_mutex_unlock(&lock);
	return told;
}

char *
catalogue_directory(const char *server, const char *area)
{
	Catalogue  *catalogue;
	char	   *path = NULL;

	pthread_mutex_lock(&lock);
	catalogue = find(server);
	if (catalogue != NULL)
		path = mem_strdup(directory_of(catalogue, area));
	pthread_mutex_unlock(&lock);
	return path;
}

uint64_t
catalogue_signature(const char *server)
{
	Catalogue  *catalogue;
	uint64_t	hash = 0;
	struct stat ignored;

	pthread_mutex_lock(&lock);
	catalogue = find(server);
	if (catalogue != NULL && catalogue->base.path != NULL)
	{
		int64_t		now = monotonic_ms();

		/* once in a millisecond: a busy sidecar is asked often meanwhile */
		if (catalogue->looked != now)
		{
			hash = hash_listing(FNV_OFFSET, &catalogue->base);
			hash = hash_listing(hash, &catalogue->meta);
			if (catalogue->xlogdb != NULL)
			{
				hash = hash_stat(hash, catalogue->xlogdb, &ignored);
				hash = hash_stat(hash, catalogue->server_xlogdb, &ignored);
			}
			catalogue->signature = hash != 0 ? hash : 1;
			catalogue->looked = now;
		}
		hash = catalogue->signature;
	}
	pthread_mutex_unlock(&lock);
	return hash;
}

json_t *
catalogue_backup_ids(const char *server)
{
	json_t	   *ids = json_checked(json_object());
	char	   *base = catalogue_directory(server, "base");
	DIR		   *dir = base != NULL ? opendir(base) : NULL;
	struct dirent *entry;

	while (dir != NULL && (entry = readdir(dir)) != NULL)
	{
		if (looks_like_id(entry->d_name))
			json_object_set_new(ids, entry->d_name, describe(base, entry->d_name));
	}
	if (dir != NULL)
		closedir(dir);
	free(base);
	return ids;
}

/* In either of the places where versions of Barman keep the description */
static json_t *
describe(const char *base, const char *id)
{
	char	   *old = mem_printf("%s/%s/backup.info", base, id);
	char	   *new = mem_printf("%s/../meta/%s-backup.info", base, id);
	struct stat ignored;
	char		text[17];

	snprintf(text, sizeof(text), "%016llx",
			 (unsigned long long) hash_stat(hash_stat(FNV_OFFSET, old, &ignored), new, &ignored));
	free(old);
	free(new);
	return json_text(text);
}

uint64_t
catalogue_wal_signature(const char *server)
{
	static const char *const areas[] = {"streaming", "incoming"};
	uint64_t	hash = FNV_OFFSET;
	struct stat ignored;
	Catalogue  *catalogue;

	pthread_mutex_lock(&lock);
	catalogue = find(server);
	for (size_t i = 0; catalogue != NULL && i < 2; i++)
	{
		const char *path = directory_of(catalogue, areas[i]);

		if (path != NULL)
			hash = hash_names(hash, path);
	}
	if (catalogue != NULL && catalogue->xlogdb != NULL)
	{
		hash = hash_stat(hash, catalogue->xlogdb, &ignored);
		hash = hash_stat(hash, catalogue->server_xlogdb, &ignored);
	}
	pthread_mutex_unlock(&lock);
	return hash;
}

void
catalogue_forget_all(void)
{
	pthread_mutex_lock(&lock);
	while (catalogues != NULL)
	{
		Catalogue  *next = catalogues->next;

		forget(catalogues);
		free(catalogues->server);
		free(catalogues);
		catalogues = next;
	}
	free(store);
	store = NULL;
	pthread_mutex_unlock(&lock);
}

static Catalogue *
find(const char *server)
{
	for (Catalogue *c = catalogues; c != NULL; c = c->next)
	{
		if (strcmp(c->server, server) == 0)
			return c;
	}
	return NULL;
}

/* Everything but the name and the place in the list. */
static void
forget(Catalogue *catalogue)
{
	json_decref(catalogue->directories);
	catalogue->directories = NULL;
	listing_clear(&catalogue->base);
	free(catalogue->base.path);
	listing_clear(&catalogue->meta);
	free(catalogue->meta.path);
	free(catalogue->xlogdb);
	free(catalogue->server_xlogdb);
	catalogue->base.path = catalogue->meta.path = NULL;
	catalogue->xlogdb = catalogue->server_xlogdb = NULL;
}

static const char *
directory_of(const Catalogue *catalogue, const char *area)
{
	const char *path = json_string_value(json_object_get(catalogue->directories, area));

	return path != NULL && path[0] == '/' ? path : NULL;
}

static uint64_t
hash_bytes(uint64_t hash, const void *bytes, size_t length)
{
	const unsigned char *p = bytes;

	for (size_t i = 0; i < length; i++)
		hash = (hash ^ p[i]) * FNV_PRIME;
	return hash;
}

static uint64_t
hash_stat(uint64_t hash, const char *path, struct stat *found)
{
	int64_t		facts[6] = {0};

	if (stat(path, found) == 0)
	{
		facts[0] = (int64_t) found->st_ino;
		facts[1] = (int64_t) found->st_size;
		facts[2] = (int64_t) found->st_mtim.tv_sec;
		facts[3] = (int64_t) found->st_mtim.tv_nsec;
		facts[4] = (int64_t) found->st_ctim.tv_sec;
		facts[5] = (int64_t) found->st_ctim.tv_nsec;
	}
	else
		memset(found, 0, sizeof(*found));
	return hash_bytes(hash, facts, sizeof(facts));
}

static uint64_t
hash_listing(uint64_t hash, Listing *listing)
{
	struct stat now;
	struct stat ignored;

	hash = hash_stat(hash, listing->path, &now);
	if (!listing->settled || !same_stat(&listing->stat, &now))
		listing_read(listing, &now);
	for (size_t i = 0; i < listing->count; i++)
		hash = hash_stat(hash, listing->files[i], &ignored);
	return hash;
}

static uint64_t
hash_names(uint64_t hash, const char *path)
{
	DIR		   *dir = opendir(path);
	struct dirent *entry;
	uint64_t	sum = 0;		/* readdir() promises no order */

	while (dir != NULL && (entry = readdir(dir)) != NULL)
		sum += hash_bytes(FNV_OFFSET, entry->d_name, strlen(entry->d_name));
	if (dir != NULL)
		closedir(dir);
	return hash_bytes(hash, &sum, sizeof(sum));
}

static void
listing_read(Listing *listing, const struct stat *now)
{
	DIR		   *dir;
	struct dirent *entry;
	struct timespec clock;
	size_t		size = 0;

	listing_clear(listing);
	listing->stat = *now;
	clock_gettime(CLOCK_REALTIME, &clock);
	listing->settled =
		(clock.tv_sec - now->st_mtim.tv_sec) * INT64_C(1000000000) +
		(clock.tv_nsec - now->st_mtim.tv_nsec) > SETTLED_NS;

	dir = opendir(listing->path);
	while (dir != NULL && (entry = readdir(dir)) != NULL)
	{
		if (entry->d_name[0] == '.')
			continue;
		if (listing->count == size)
		{
			size = size > 0 ? size * 2 : 16;
			listing->files = mem_realloc(listing->files, size * sizeof(char *));
		}
		listing->files[listing->count++] =
			mem_printf("%s/%s%s", listing->path, entry->d_name, listing->suffix);
	}
	if (dir != NULL)
		closedir(dir);
}

static void
listing_clear(Listing *listing)
{
	for (size_t i = 0; i < listing->count; i++)
		free(listing->files[i]);
	free(listing->files);
	listing->files = NULL;
	listing->count = 0;
	listing->settled = false;
}

static bool
same_stat(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino &&
		a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
		a->st_mtim.tv_nsec == b->st_mtim.tv_nsec &&
		a->st_ctim.tv_sec == b->st_ctim.tv_sec &&
		a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

/* YYYYMMDDTHHMMSS */
static bool
looks_like_id(const char *name)
{
	return strlen(name) == 15 && name[8] == 'T' &&
		strspn(name, "0123456789") == 8 && strspn(name + 9, "0123456789") == 6;
}
