/*
 * files.h
 *
 * Reads and writes small files whole.
 */
#ifndef BASE_FILES_H
#define BASE_FILES_H

#include <stddef.h>

#include <jansson.h>

/* malloc'd last lines of a text file, at most limit bytes; "" if there are none */
extern char *files_tail(const char *path, size_t limit);

/* malloc'd text of a small file, or NULL */
extern char *files_read(const char *path);

/* The contents of a record; NULL if it cannot be read or is no regular file */
extern json_t *files_json(const char *path);

/* Replace a file durably, with mode 0600.  Returns errno. */
extern int files_write(const char *path, const char *text);

/*
 * Locks an open file for this program alone, as flock() does; 0 or errno.  Waits for a moment:
 * what a sidecar that was killed had just begun to start has its files until it runs.
 */
extern int files_lock(int fd);

#endif /* BASE_FILES_H */
