/*
 * disk_reservation.h
 *
 * Disk space for the instances: what is reserved for running restores, and
 * what stays free for Barman's archive.
 */
#ifndef RESTORE_DISK_RESERVATION_H
#define RESTORE_DISK_RESERVATION_H

#include "base/answer.h"
#include "restore/disk_needs.h"

typedef struct Room
{
	int64_t free;	  /* of the file system; -1: unknown */
	int64_t reserved; /* reserved, and not yet written */
	int64_t floor;	  /* stays free (--reserve-free) */
} Room;

/* The values seen last; does not access the file system. */
extern Room instance_room_seen(void);

/* Called once a second by the watch; the lock is not held. */
extern void instance_room_look(void);

/* NULL if there is space for it now beside what it replaces; the lock of the instances is held. */
extern Answer *instance_room_refusal(const RestoreNeeds *needs, int64_t replaced);

#endif /* RESTORE_DISK_RESERVATION_H */
