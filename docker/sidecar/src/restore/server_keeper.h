/*
 * server_keeper.h
 *
 * The process above a restored server, which ends with the last of its
 * processes.
 */
#ifndef RESTORE_SERVER_KEEPER_H
#define RESTORE_SERVER_KEEPER_H

#include <stdbool.h>
#include <sys/types.h>

#include "restore/cage.h"

/* The first argument of the sidecar's program, for it to be a keeper */
#define SERVER_KEEPER "keep-server"

/*
 * Start a keeper, and the server of the cage's directory below it.  SIGQUIT to
 * the keeper is an immediate shutdown; SIGTERM ends whatever is left.  Returns
 * errno; *held as from cage_spawn().
 */
extern int	server_keeper_start(const Cage *cage, CageHold *held, pid_t *pid);

/*
 * End all that is below a keeper, but not itself; returns how many were still
 * there to be told.  May be called for a keeper that is stopped.
 */
extern int	server_keeper_end_below(pid_t keeper);

/* Does the kernel hold the server below it, and what that has left, off connections? */
extern bool server_keeper_is_filtered(pid_t keeper);

/* The keeper itself, with its arguments; returns the status to exit with. */
extern int	server_keeper_main(int argc, char **argv);

#endif							/* RESTORE_SERVER_KEEPER_H */
