/*
 * server_keeper.h
 *
 * The process above a restored server, which ends with the last process below
 * it.
 */
#ifndef RESTORE_SERVER_KEEPER_H
#define RESTORE_SERVER_KEEPER_H

#include <stdbool.h>
#include <sys/types.h>

#include "restore/cage.h"

/* The first argument that makes the sidecar's program a keeper */
#define SERVER_KEEPER "keep-server"

/*
 * Starts a keeper, and below it the server of the cage's directory.  SIGQUIT
 * to the keeper is an immediate shutdown; SIGTERM ends all processes below it.
 * Returns errno; *held as from cage_spawn().
 */
extern int server_keeper_start(const Cage *cage, CageHold *held, pid_t *pid);

/* Is it a keeper?  An older sidecar has started servers without one. */
extern bool server_keeper_is(pid_t pid);

/* The main program of a keeper; returns the exit status. */
extern int server_keeper_main(int argc, char **argv);

#endif /* RESTORE_SERVER_KEEPER_H */
