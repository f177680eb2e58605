/*
 * cage_filter.h
 *
 * System calls that a restored server may not make.
 */
#ifndef RESTORE_CAGE_FILTER_H
#define RESTORE_CAGE_FILTER_H

#include <stdbool.h>
#include <sys/types.h>

/* To whom connections may be made */
typedef enum CageReach
{
	REACH_NOBODY,
	REACH_SOCKET_FILES,			/* sockets in the file system, by streams */
	REACH_NETWORK
} CageReach;

/*
 * Put the filter on the calling thread, and on what that starts, for good.
 * by_path: it may cut files by their path, because something else sees to
 * which.  Returns errno; ENOSYS where the kernel or the architecture offers no
 * such thing.
 */
extern int	cage_filter_apply(CageReach reach, bool by_path);

/* Does the kernel say so of this process, which is not ours? */
extern bool process_is_filtered(pid_t pid);

#endif							/* RESTORE_CAGE_FILTER_H */
