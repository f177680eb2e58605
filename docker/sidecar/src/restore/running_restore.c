/*
 * running_restore.c
 *
 * The state of a running restore.
 */
#include "restore/running_restore.h"

int
restore_timeline(const Restore *restore)
{
	return restore->target.timeline != 0
			   ? restore->target.timeline
			   : (int) json_integer_value(json_object_get(restore->backup, "timeline"));
}
