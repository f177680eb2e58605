/*
 * cage_filter.h
 *
 * System calls that a restored server may not make.
 */
#ifndef CAGE_FILTER_H
#define CAGE_FILTER_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * Put the filter on the calling thread, and on what that starts, for good.
 * network: it may make connections.  by_path: it may cut files by their path,
 * because something else sees to which.  Returns errno; ENOSYS where the
 * kernel or the architecture offers no such thing.
 */
extern int	cage_filter_apply(bool network, bool by_path);

/* Does the kernel say so of this process, which is not ours? */
extern bool process_is_filtered(pid_t pid);

#endif							/* CAGE_FILTER_H */
