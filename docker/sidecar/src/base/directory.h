/*
 * directory.h
 *
 * Directories: made, measured, removed.
 */
#ifndef BASE_DIRECTORY_H
#define BASE_DIRECTORY_H

#include <stdint.h>

/* Make a directory for its owner alone.  Returns errno. */
extern int	directory_make(const char *directory, const char *name);

/* Remove the directory and all below it; follows no link.  Returns errno. */
extern int	directory_remove(const char *directory);

/* The bytes of all files below a directory, and a number that grows with them. */
typedef struct FilesSize
{
	int64_t		bytes;
	int64_t		files;
} FilesSize;

extern FilesSize directory_size(const char *directory);

#endif							/* BASE_DIRECTORY_H */
