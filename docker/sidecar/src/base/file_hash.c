/*
 * file_hash.c
 *
 * Hashes the stat() data of files, so that the hash changes when a file does.
 * Does not read the contents.
 */
#include "base/file_hash.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/memory.h"

/*
 * A directory that changed less than this ago may change again without a new
 * mtime (file systems keep time in ticks), so its listing must be read again.
 */
#define SETTLED_NS INT64_C(2000000000)

#define FNV_PRIME UINT64_C(1099511628211)

static uint64_t file_hash_bytes(uint64_t hash, const void *bytes, size_t length);
static void listing_read(FileListing *listing, const struct stat *now);
static bool same_stat(const struct stat *a, const struct stat *b);

static uint64_t
file_hash_bytes(uint64_t hash, const void *bytes, size_t length)
{
	const unsigned char *p = bytes;

	for (size_t i = 0; i < length; i++)
		hash = (hash ^ p[i]) * FNV_PRIME;
	return hash;
}

uint64_t
file_hash_stat(uint64_t hash, const char *path, struct stat *found)
{
	int64_t facts[6] = {0};

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
	return file_hash_bytes(hash, facts, sizeof(facts));
}

uint64_t
file_hash_listing(uint64_t hash, FileListing *listing)
{
	struct stat now;
	struct stat ignored;

	hash = file_hash_stat(hash, listing->path, &now);
	if (!listing->settled || !same_stat(&listing->stat, &now))
		listing_read(listing, &now);
	for (size_t i = 0; i < listing->count; i++)
		hash = file_hash_stat(hash, listing->files[i], &ignored);
	return hash;
}

uint64_t
file_hash_names(uint64_t hash, const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	uint64_t sum = 0; /* independent of the order in which readdir() returns them */

	while (dir != NULL && (entry = readdir(dir)) != NULL)
		sum += file_hash_bytes(FILE_HASH_START, entry->d_name, strlen(entry->d_name));
	if (dir != NULL)
		closedir(dir);
	return file_hash_bytes(hash, &sum, sizeof(sum));
}

static void
listing_read(FileListing *listing, const struct stat *now)
{
	DIR *dir;
	struct dirent *entry;
	struct timespec clock;
	size_t size = 0;

	file_listing_clear(listing);
	listing->stat = *now;
	clock_gettime(CLOCK_REALTIME, &clock);
	listing->settled = (clock.tv_sec - now->st_mtim.tv_sec) * INT64_C(1000000000) +
						   (clock.tv_nsec - now->st_mtim.tv_nsec) >
					   SETTLED_NS;

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
		listing->files[listing->count++] = mem_printf("%s/%s%s", listing->path, entry->d_name,
													  listing->suffix);
	}
	if (dir != NULL)
		closedir(dir);
}

void
file_listing_clear(FileListing *listing)
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
		   a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec &&
		   a->st_ctim.tv_sec == b->st_ctim.tv_sec && a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}
