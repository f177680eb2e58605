/*
 * files.h
 *
 * Small files, read and written whole.
 */
#ifndef BASE_FILES_H
#define BASE_FILES_H

#include <stddef.h>

#include <jansson.h>

/* malloc'd last lines of a text file, at most limit bytes; "" if there is none */
extern char *files_tail(const char *path, size_t limit);

/* malloc'd text of a small file, or NULL */
extern char *files_read(const char *path);

/* What a record of ours holds; NULL if it cannot be read, or is no plain file */
extern json_t *files_json(const char *path);

/* Write a file anew, mode 0600, and make it durable.  Returns errno. */
extern int	files_write(const char *path, const char *text);

#endif							/* BASE_FILES_H */
