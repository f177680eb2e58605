/*
 * file_hash.h
 *
 * Whether files were written, by their stat data alone.
 */
#ifndef BASE_FILE_HASH_H
#define BASE_FILE_HASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

/* What a hash begins with; each call goes on from the one before. */
#define FILE_HASH_START UINT64_C(14695981039346656037)

/* A directory, and what was found in it; all but path and suffix is zero at first. */
typedef struct FileListing
{
	char	   *path;			/* directory */
	const char *suffix;			/* from the name of an entry to its file */
	struct stat stat;			/* when it was read */
	bool		settled;
	char	  **files;			/* their paths */
	size_t		count;
} FileListing;

/* One file; *found is zero if there is none. */
extern uint64_t file_hash_stat(uint64_t hash, const char *path, struct stat *found);

/* A directory and its files; it is read again only when it has changed. */
extern uint64_t file_hash_listing(uint64_t hash, FileListing *listing);
extern void file_listing_clear(FileListing *listing);

/* Only which names are in a directory */
extern uint64_t file_hash_names(uint64_t hash, const char *path);

#endif							/* BASE_FILE_HASH_H */
