/*
 * confinement.h
 *
 * A program that cannot reach anybody.
 */
#ifndef CONFINEMENT_H
#define CONFINEMENT_H

#include <spawn.h>
#include <stdbool.h>
#include <sys/types.h>

/*
 * As posix_spawn(), but neither the program nor anything that it starts can
 * make a connection, over any network or socket file, nor send a datagram, nor
 * gain privileges.  It may listen and answer.  ENOSYS where the kernel or the
 * architecture offers no such thing: then nothing was started.
 */
extern int	confined_spawn(pid_t *pid, const char *path,
						   const posix_spawn_file_actions_t *actions,
						   const posix_spawnattr_t *attributes,
						   char *const *argv, char *const *environment);

/* Does the kernel say so of this process, which is not ours? */
extern bool process_is_confined(pid_t pid);

#endif							/* CONFINEMENT_H */
