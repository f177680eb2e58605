/*
 * cage.h
 *
 * Confines a program to what it is allowed.
 */
#ifndef RESTORE_CAGE_H
#define RESTORE_CAGE_H

#include <spawn.h>
#include <stdbool.h>
#include <sys/types.h>

#include "restore/shared_memory.h"

/* What the program may use; all else is refused. */
typedef struct Cage
{
	const char *directory;	/* absolute; files below it may be read, */
	bool read_only;			/* unless set also written, never executed */
	const char *bindir;		/* of PostgreSQL's programs, or NULL */
	const char *only;		/* the only file it may execute; NULL: */
							/* the system's programs and PostgreSQL's */
	int port;				/* port to listen on; 0: none */
	const SharedKeys *keys; /* of shared memory (System V), or NULL: none */
	bool network;			/* outgoing connections */
	bool socket_files;		/* connections to sockets in the file system only */
	bool required;			/* do not start it without Landlock */
} Cage;

/* What the kernel enforces */
typedef struct CageHold
{
	bool connections; /* refused by seccomp */
	int abi;		  /* of Landlock; 0: it enforces nothing */
	int error;		  /* why there is no Landlock, or 0 */
} CageHold;

/*
 * As posix_spawn(), but confined, with only the standard streams open and a
 * short environment.  Returns errno; then nothing was started, and *held shows
 * whether for lack of confinement.
 */
extern int cage_spawn(const Cage *cage, CageHold *held, pid_t *pid, const char *path,
					  posix_spawn_file_actions_t *actions, const posix_spawnattr_t *attributes,
					  char *const *argv);

/* The same for RunRequest.spawn; how is the Cage. */
extern int cage_spawn_run(const void *how, pid_t *pid, const char *path,
						  posix_spawn_file_actions_t *actions, const posix_spawnattr_t *attributes,
						  char *const *argv);

/* What this kernel or container offers; connections is not set. */
extern CageHold cage_offered(void);

/*
 * Whether no caged program can signal what is outside of its cage, such as the
 * keeper of its server: otherwise one of its processes may outlive the server.
 */
extern bool cage_holds_signals(const CageHold *held);

/*
 * malloc'd text on what is enforced, what is not and why; option is the name
 * of the option that allows connections.
 */
extern char *cage_words(const CageHold *held, const char *option);

/* malloc'd words on why there is no Landlock, and a static hint on what to do */
extern char *cage_why_not(int error);
extern const char *cage_hint(int error);

/* The newest ABI of Landlock in use; tests lower it. */
extern int cage_newest_abi;

#endif /* RESTORE_CAGE_H */
