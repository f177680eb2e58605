/*
 * instance_files.h
 *
 * The directory of a restored instance: made, measured, removed.
 */
#ifndef RESTORE_INSTANCE_FILES_H
#define RESTORE_INSTANCE_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

/* Below an instance's directory; socket is short, for its path has a limit. */
#define INSTANCE_DATA "data"
#define INSTANCE_TABLESPACES "tablespaces"
#define INSTANCE_STAGING "staging"
#define INSTANCE_SOCKET "socket"
#define INSTANCE_LOG "server.log"
#define INSTANCE_CONFIG "postgresql.conf"
#define INSTANCE_HBA "pg_hba.conf"
#define INSTANCE_IDENT "pg_ident.conf"

/*
 * Make the directory and what Barman and PostgreSQL need in it, but not the
 * data directory itself: Barman makes that.  Returns errno; EEXIST if the
 * directory is there already, whoever made it.
 */
extern int	instance_files_make(const char *directory);

/* Remove the directory and all below it; follows no link.  Returns errno. */
extern int	instance_files_remove(const char *directory);

/* The bytes of all files below a directory, and a number that grows with them. */
typedef struct FilesSize
{
	int64_t		bytes;
	int64_t		files;
} FilesSize;

extern FilesSize instance_files_size(const char *directory);

/* malloc'd last lines of a text file, at most limit bytes; "" if there is none */
extern char *instance_files_tail(const char *path, size_t limit);

/* malloc'd text of a small file, or NULL */
extern char *instance_files_read(const char *path);

/* What a record of ours holds; NULL if it cannot be read, or is no plain file */
extern json_t *instance_files_json(const char *path);

/* Write a file anew, mode 0600, and make it durable.  Returns errno. */
extern int	instance_files_write(const char *path, const char *text);

/* Make a directory for its owner alone.  Returns errno. */
extern int	instance_files_make_directory(const char *directory, const char *name);

#endif							/* RESTORE_INSTANCE_FILES_H */
