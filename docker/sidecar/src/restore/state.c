/*
 * state.c
 *
 * The state of a running restore.
 */
#include "restore/state.h"

int
restore_timeline(const Restore *restore)
{
	return restore->target.timeline != 0
			   ? restore->target.timeline
			   : (int) json_integer_value(json_object_get(restore->backup, "timeline"));
}
