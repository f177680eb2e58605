/*
 * segment_size.c
 *
 * Takes the size from the newest backup that has it: all segments of a server
 * have one size, and a backup that runs has none recorded.
 */
#include "outlook/segment_size.h"

#include <stddef.h>

#include "barman/json.h"
#include "restore/segment_name.h"

int64_t
outlook_segment_size(const json_t *backups)
{
	const json_t *one;
	size_t i;

	json_array_foreach (backups, i, one)
	{
		if (barman_backup_is_wide(one))
			return restore_segment_size(one);
	}
	return restore_segment_size(NULL);
}
