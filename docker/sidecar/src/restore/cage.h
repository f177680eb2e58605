/*
 * cage.h
 *
 * A program that gets no further than it was let.
 */
#ifndef RESTORE_CAGE_H
#define RESTORE_CAGE_H

#include <spawn.h>
#include <stdbool.h>
#include <sys/types.h>

/* What is let in; all else is refused. */
typedef struct Cage
{
	const char *directory;		/* absolute: what is below may be read and, */
	bool		read_only;		/* unless so, written; but nothing executed */
	const char *bindir;			/* of PostgreSQL's programs, or NULL */
	const char *only;			/* the one file that may be executed; NULL: */
								/* the system's programs and PostgreSQL's */
	int			port;			/* that it may listen on; 0: none */
	bool		network;		/* connections */
	bool		socket_files;	/* connections to sockets in the file system only */
	bool		required;		/* without Landlock it is not started */
} Cage;

/* What the kernel agreed to hold of it */
typedef struct CageHold
{
	bool		connections;	/* are refused: seccomp */
	int			abi;			/* of Landlock; 0: it holds nothing */
	int			error;			/* why there is no Landlock, or 0 */
} CageHold;

/*
 * As posix_spawn(), but in the cage, with nothing open but the standard
 * streams, and in a short environment.  Returns errno; then nothing was
 * started, and *held tells whether it was for want of a cage.
 */
extern int	cage_spawn(const Cage *cage, CageHold *held, pid_t *pid, const char *path,
					   posix_spawn_file_actions_t *actions, const posix_spawnattr_t *attributes,
					   char *const *argv);

/* The same for RunRequest.spawn; how is the Cage. */
extern int	cage_spawn_run(const void *how, pid_t *pid, const char *path,
						   posix_spawn_file_actions_t *actions, const posix_spawnattr_t *attributes,
						   char *const *argv);

/* What this kernel, or the container that we are in, offers; connections is not asked. */
extern CageHold cage_offered(void);

/*
 * malloc'd words on what holds, and on what does not and why; option names
 * the one by which connections are allowed.
 */
extern char *cage_words(const CageHold *held, const char *option);

/* malloc'd words on why there is no Landlock, and a static hint on what to do */
extern char *cage_why_not(int error);
extern const char *cage_hint(int error);

/* The newest of Landlock that is made use of; tests lower it. */
extern int	cage_newest_abi;

#endif							/* RESTORE_CAGE_H */
