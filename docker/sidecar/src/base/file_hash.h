/*
 * file_hash.h
 *
 * Detects writes to files by their stat() data alone.
 */
#ifndef BASE_FILE_HASH_H
#define BASE_FILE_HASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

/* The initial value of a hash; each call continues from the previous one. */
#define FILE_HASH_START UINT64_C(14695981039346656037)

/* A directory and its files; start with all but path and suffix zero. */
typedef struct FileListing
{
	char *path;			/* directory */
	const char *suffix; /* appended to the name of an entry to get its file */
	struct stat stat;	/* of the directory, when it was read */
	bool settled;
	char **files; /* paths */
	size_t count;
} FileListing;

/* Hash one file; *found is zero if it does not exist. */
extern uint64_t file_hash_stat(uint64_t hash, const char *path, struct stat *found);

/* Hash a directory and its files; read the directory again only if it has changed. */
extern uint64_t file_hash_listing(uint64_t hash, FileListing *listing);
extern void file_listing_clear(FileListing *listing);

/* Hash only the names in a directory. */
extern uint64_t file_hash_names(uint64_t hash, const char *path);

#endif /* BASE_FILE_HASH_H */
