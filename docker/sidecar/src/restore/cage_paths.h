/*
 * cage_paths.h
 *
 * Files of the host that a restored server may read and execute.
 */
#ifndef RESTORE_CAGE_PATHS_H
#define RESTORE_CAGE_PATHS_H

/* Programs and libraries, and files that they read; each list ends with NULL. */
extern const char *const cage_system_programs[];
extern const char *const cage_system_files[];

/* The loaders that the kernel executes for a program; ends with NULL */
extern const char *const cage_loaders[];

/* malloc'd directories of the PostgreSQL whose programs are in bindir, the last NULL */
extern char **cage_paths_of(const char *bindir);
extern void cage_paths_free(char **paths);

#endif /* RESTORE_CAGE_PATHS_H */
