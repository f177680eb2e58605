/*
 * restore_mark_position.c
 *
 * Restores to a mark go to its position.
 */
#include "api/restore_mark_position.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

void
restore_place_mark(RestoreRequest *restore, const json_t *list)
{
	RecoveryTarget *target = &restore->target;
	const char *caller = restore->system_identifier;
	const char *backed_up = NULL;
	json_t *one;
	size_t i;

	if (restore->mark_lsn == NULL || target->name == NULL)
		return;
	json_array_foreach (json_object_get(list, "backups"), i, one)
	{
		if (backed_up == NULL)
			backed_up = json_text_of(one, "system_id");
	}
	if (caller == NULL || (backed_up != NULL && strcmp(caller, backed_up) != 0))
		return;
	target->lsn = restore->mark_lsn;
	restore->mark_lsn = NULL;
	target->exclusive = true;
	if (target->timeline == 0)
		target->timeline = restore->mark_timeline;
	free(target->name);
	target->name = NULL;
}
