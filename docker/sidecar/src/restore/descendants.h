/*
 * descendants.h
 *
 * The processes below the keeper of a restored server.
 */
#ifndef RESTORE_DESCENDANTS_H
#define RESTORE_DESCENDANTS_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * Ends all processes below a keeper, but not the keeper; returns how many it
 * still found.  The keeper may be stopped.
 */
extern int descendants_end(pid_t keeper);

/* Whether seccomp filters the server and all other children of the keeper */
extern bool descendants_are_filtered(pid_t keeper);

#endif /* RESTORE_DESCENDANTS_H */
