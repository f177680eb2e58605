/*
 * cage_filter.h
 *
 * System calls that a restored server may not make.
 */
#ifndef RESTORE_CAGE_FILTER_H
#define RESTORE_CAGE_FILTER_H

#include <stdbool.h>
#include <sys/types.h>

#include "restore/shared_memory.h"

/* Where connections may go */
typedef enum CageReach
{
	REACH_NOBODY,
	REACH_SOCKET_FILES, /* stream sockets in the file system */
	REACH_NETWORK
} CageReach;

/*
 * Installs the filter on the calling thread and on what it starts, for good.
 * by_path: it may truncate files by path, because Landlock decides which.
 * keys: of the shared memory that it may have, or NULL.
 * Returns errno; ENOSYS if the kernel or the architecture has no such filter.
 */
extern int cage_filter_apply(CageReach reach, bool by_path, const SharedKeys *keys);

/* Whether that process has more seccomp filters than this one */
extern bool process_is_filtered(pid_t pid);

#endif /* RESTORE_CAGE_FILTER_H */
