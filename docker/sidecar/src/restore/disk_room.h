/*
 * disk_room.h
 *
 * The room on the file system of the instances: what is promised to restores
 * that run, and what stays free for Barman's archive.
 */
#ifndef RESTORE_DISK_ROOM_H
#define RESTORE_DISK_ROOM_H

#include "base/answer.h"
#include "restore/disk_needs.h"

typedef struct Room
{
	int64_t		free;			/* of the file system; -1: unknown */
	int64_t		reserved;		/* promised, and not yet written */
	int64_t		floor;			/* stays free (--reserve-free) */
} Room;

/* What was seen last; asks no file system. */
extern Room instance_room_seen(void);

/* Once a second, by the watch; the lock is not held. */
extern void instance_room_look(void);

/* NULL if there is room for it now; the lock of the instances is held. */
extern Answer *instance_room_refusal(const RestoreNeeds *needs);

#endif							/* RESTORE_DISK_ROOM_H */
