/*
 * instance_files.h
 *
 * The directory of a restored instance, and its content.
 */
#ifndef RESTORE_INSTANCE_FILES_H
#define RESTORE_INSTANCE_FILES_H

/* Below an instance's directory; socket is short because its path has a limit. */
#define INSTANCE_DATA		 "data"
#define INSTANCE_TABLESPACES "tablespaces"
#define INSTANCE_STAGING	 "staging"
#define INSTANCE_SOCKET		 "socket"
#define INSTANCE_LOG		 "server.log"
#define INSTANCE_CONFIG		 "postgresql.conf"
#define INSTANCE_HBA		 "pg_hba.conf"
#define INSTANCE_IDENT		 "pg_ident.conf"

/*
 * Makes the directory and what Barman and PostgreSQL need in it, except the
 * data directory, which Barman makes.  Returns errno; EEXIST if the directory
 * already exists, whoever made it.
 */
extern int instance_files_make(const char *directory);

/* The same where they are already; what they hold stays */
extern int instance_files_complete(const char *directory);

/*
 * Removes the directory with all in it, and makes another one of the same name:
 * what a cage allows hangs on the directory itself, so a process that is left in
 * the cage of the former has no access to this one.
 */
extern int instance_files_make_anew(const char *directory);

#endif /* RESTORE_INSTANCE_FILES_H */
