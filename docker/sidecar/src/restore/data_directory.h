/*
 * data_directory.h
 *
 * From what Barman left to a directory that PostgreSQL may be started on.
 */
#ifndef RESTORE_DATA_DIRECTORY_H
#define RESTORE_DATA_DIRECTORY_H

#include <stdbool.h>

/* Where the configuration of the server that was backed up is put aside */
#define INSTANCE_PRODUCTION "production"

/* May there be this link?  name is its path below what is looked through. */
typedef bool (*LinkIsGood) (const char *name, const char *target, void *arg);

/*
 * Look for what is neither a file nor a directory nor a good link.  NULL, or
 * malloc'd words on the first such, which name it.  Follows no link.
 */
extern char *instance_find_foreign(const char *directory, LinkIsGood good, void *arg);

/* The same of what Barman has just copied for an instance */
extern char *instance_check(const char *directory);

/*
 * Make a restored data directory that was checked one that PostgreSQL accepts: what Barman 3.11
 * to 3.14 leave out of a combined incremental, the WAL where recovery finds it
 * without a command, and nothing of its former life.  major is that of the PostgreSQL that is to run it.  NULL, or malloc'd
 * words on why it cannot be.
 */
extern char *instance_mend(const char *directory, int major);

#endif							/* RESTORE_DATA_DIRECTORY_H */
