/*
 * cage_paths.h
 *
 * What a restored server may read and execute of its host.
 */
#ifndef RESTORE_CAGE_PATHS_H
#define RESTORE_CAGE_PATHS_H

/* Programs and libraries; and files that they look into.  Each ends with NULL. */
extern const char *const cage_system_programs[];
extern const char *const cage_system_files[];

/* What the kernel executes to load a program; ends with NULL */
extern const char *const cage_loaders[];

/* malloc'd directories of the PostgreSQL whose programs are in bindir, the last NULL */
extern char **cage_paths_of(const char *bindir);
extern void cage_paths_free(char **paths);

#endif							/* RESTORE_CAGE_PATHS_H */
