/*
 * directory.h
 *
 * Makes, measures and removes directories.
 */
#ifndef BASE_DIRECTORY_H
#define BASE_DIRECTORY_H

#include <stdint.h>

/* Make a directory with access for its owner only.  Returns errno. */
extern int directory_make(const char *directory, const char *name);

/* Remove the directory and all below it; follows no link.  Returns errno. */
extern int directory_remove(const char *directory);

/* Remove all in the directory but what has one of these names, the last of which is NULL.  Returns errno. */
extern int directory_remove_others(const char *directory, const char *const *kept);

/* The size and the number of all files below a directory; sizes are at most INT64_MAX. */
typedef struct FilesSize
{
	int64_t bytes;
	int64_t files;
	int64_t freed; /* bytes of the disk that their removal frees at least: no holes, names elsewhere have their parts */
} FilesSize;

extern FilesSize directory_size(const char *directory);

#endif /* BASE_DIRECTORY_H */
