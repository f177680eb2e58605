/*
 * data_directory.h
 *
 * Turns Barman's copy into a directory that PostgreSQL can be started on.
 */
#ifndef RESTORE_DATA_DIRECTORY_H
#define RESTORE_DATA_DIRECTORY_H

#include <stdbool.h>

/* Where the configuration of the server that was backed up is kept */
#define INSTANCE_PRODUCTION "production"

/* Whether a link is allowed; name is its path below the searched directory. */
typedef bool (*LinkIsGood)(const char *name, const char *target, void *arg);

/*
 * Looks for anything but files, directories and allowed links.  Returns NULL,
 * or malloc'd text that names the first.  Follows no link.
 */
extern char *instance_find_foreign(const char *directory, LinkIsGood good, void *arg);

/* The same for what Barman has just copied for an instance */
extern char *instance_check(const char *directory);

/*
 * Malloc'd text what is wrong with an entry of any kind, or NULL; path is below the searched
 * directory, name in parent.
 */
typedef char *(*EntryIsBad)(int parent, const char *name, const char *path, void *arg);

/* As instance_check(), and asks of each entry */
extern char *instance_check_each(const char *directory, EntryIsBad is_bad, void *arg);

/*
 * Removes from the data directory what a server that ran there has left: files that say what it
 * was doing.  The directory is no link.
 */
extern void instance_forget_former_life(const char *data);

/*
 * Turns a checked copy into a data directory that PostgreSQL accepts: adds what Barman
 * 3.11 to 3.14 leave out of a combined incremental, moves the WAL to where recovery finds
 * it without a command, and removes files of the former server.  major is the version of
 * PostgreSQL that will run it.  Returns NULL, or malloc'd text why it failed.
 */
extern char *instance_mend(const char *directory, int major);

#endif /* RESTORE_DATA_DIRECTORY_H */
