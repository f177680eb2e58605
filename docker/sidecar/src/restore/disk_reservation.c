/*
 * disk_reservation.c
 *
 * Accounts for the disk space reserved for restores.  A reservation belongs to
 * its instance and ends with the restore, whatever the outcome.  What a
 * restore has written is no longer free, so it does not count twice.  After a
 * start of the sidecar no restore is running, so nothing is reserved.  A disk
 * that becomes full all the same: barman/disk_full.h.
 */
#include "restore/disk_reservation.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <sys/statvfs.h>

#include "base/memory.h"
#include "base/settings.h"
#include "restore/instance_table.h"

static _Atomic int64_t free_seen = -1;
static _Atomic int64_t floor_seen;

static int64_t promised(void);
static bool look(Room *room);

Room
instance_room_seen(void)
{
	Room room = {.free = atomic_load(&free_seen), .floor = atomic_load(&floor_seen)};

	pthread_mutex_lock(&instance_table.lock);
	room.reserved = promised();
	pthread_mutex_unlock(&instance_table.lock);
	return room;
}

void
instance_room_look(void)
{
	Room room;

	look(&room);
}

Answer *
instance_room_refusal(const RestoreNeeds *needs, int64_t replaced)
{
	Room room = {.reserved = promised()};
	int64_t sum = restore_needs_sum(needs);
	int64_t more = replaced <= 0 ? sum : sum > replaced ? sum - replaced : 0;
	Answer *refusal;
	char *given = NULL;
	char *detail;

	if (more == 0 || !look(&room) ||
		restore_add_bytes(restore_add_bytes(more, room.reserved), room.floor) <= room.free)
		return NULL;
	if (replaced > 0)
		given = mem_printf("; what it replaces has %lld", (long long) replaced);
	detail = mem_printf("The backup has %lld bytes, and %lld are free below \"%s\". With its WAL and room to work the restore needs %lld%s; %lld of the free ones are reserved for restores that run, and %lld are kept free for Barman (--reserve-free).",
						(long long) needs->backup, (long long) room.free, settings.instance_root,
						(long long) sum, given != NULL ? given : "", (long long) room.reserved,
						(long long) room.floor);
	refusal = answer_error("wrong_state", "there is not enough room for the backup", detail,
						   room.reserved > 0 && restore_add_bytes(more, room.floor) <= room.free
							   ? "Wait until the restores that run have ended, or drop an instance that is not needed any more."
							   : "Drop an instance that is not needed any more, or give the sidecar another --instance-root.");
	free(detail);
	free(given);
	return refusal;
}

/* The lock is held. */
static int64_t
promised(void)
{
	int64_t sum = 0;

	for (Instance *instance = instance_table.newest; instance != NULL; instance = instance->next)
	{
		if (instance->reserved > instance->written)
			sum = restore_add_bytes(sum, instance->reserved - instance->written);
	}
	return sum;
}

static bool
look(Room *room)
{
	struct statvfs disk;
	int64_t share;

	if (settings.instance_root == NULL || statvfs(settings.instance_root, &disk) != 0)
		return false;
	/* what Barman's user may still write, without the reserve for root */
	room->free = (int64_t) (disk.f_bavail * disk.f_frsize);
	share = (int64_t) (disk.f_blocks * disk.f_frsize) / 100 * settings.reserve_percent;
	room->floor = settings.reserve_percent == 0 || share > settings.reserve_bytes
					  ? settings.reserve_bytes
					  : share;
	atomic_store(&free_seen, room->free);
	atomic_store(&floor_seen, room->floor);
	return true;
}
