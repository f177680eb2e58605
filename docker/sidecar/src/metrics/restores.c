/*
 * restores.c
 *
 * Restored servers, the disk that is reserved for them, and what drills proved.
 */
#include "metrics/restores.h"

#include "base/settings.h"
#include "proof/last_drill.h"
#include "restore/disk_reservation.h"
#include "restore/instance.h"

void
restores_metrics(Exposition *exposition)
{
	Room room = instance_room_seen();

	if (settings.instance_root != NULL)
	{
		exposition_family(exposition, "barman_sidecar_instances_limit", "gauge",
						  "Restored servers that may exist at a time.");
		exposition_sample(exposition, settings.max_instances, NULL);
	}
	instances_metrics(exposition);
	exposition_family(exposition, "barman_sidecar_restore_reserved_bytes", "gauge",
					  "Promised to restores that run, and not yet written.");
	exposition_sample(exposition, (double) room.reserved, NULL);
	/* absent until the disk has been looked at */
	if (room.free >= 0)
	{
		exposition_family(exposition, "barman_sidecar_instance_free_bytes", "gauge",
						  "Free bytes where backups are restored to.");
		exposition_sample(exposition, (double) room.free, NULL);
		exposition_family(exposition, "barman_sidecar_reserve_free_bytes", "gauge",
						  "Bytes that restores leave free of it.");
		exposition_sample(exposition, (double) room.floor, NULL);
	}
	drill_record_metrics(exposition);
}
