/*
 * read_windows.c
 *
 * Reads windows beside what Barman answers.  Waits for no other read: all
 * workers of the cache could wait so.
 */
#include "outlook/read_windows.h"

#include <stdlib.h>

#include "barman/backup_info.h"
#include "barman/backup_memory.h"
#include "barman/json.h"
#include "barman/read_commands.h"
#include "base/memory.h"
#include "outlook/wal_sources.h"
#include "outlook/windows.h"

static void add_record(const char *server, json_t *backup);

Answer *
outlook_read(const ReadTarget *target, RunControl *control)
{
	json_t *backups;
	Answer *answer;

	if (target->kind != READ_WINDOWS && target->kind != READ_WAL_SOURCES)
		return barman_read(target, control);
	backups = outlook_backups(target->server);
	if (backups == NULL)
		return answer_error("unavailable", "Barman does not list the backups of the server now",
							NULL, "Try again.");
	answer = target->kind == READ_WINDOWS
				 ? windows_read(target->server, backups)
				 : wal_sources_read(target->server, backups, atoi(target->argument));
	json_decref(backups);
	return answer;
}

json_t *
outlook_backups(const char *server)
{
	ReadTarget target = {READ_BACKUPS, server, ""};
	Answer *last = reads_last(&target);
	json_t *backups = NULL;
	json_t *one;
	size_t i;

	if (last != NULL && last->status == 200)
		backups = json_checked(json_deep_copy(json_object_get(last->value, "backups")));
	answer_release(last);
	json_array_foreach (backups, i, one)
		add_record(server, one);
	return backups;
}

/* The list lacks names of segments and much else; what it has is newer. */
static void
add_record(const char *server, json_t *backup)
{
	const char *id = json_text_of(backup, "backup_id");
	json_t *record;
	const char *key;
	json_t *value;

	if (id == NULL || barman_backup_is_wide(backup))
		return;
	record = backup_memory_find(server, id);
	if (record == NULL)
		record = backup_info_find(server, id);
	json_object_foreach (record, key, value)
	{
		const json_t *known = json_object_get(backup, key);

		if (known == NULL || json_is_null(known))
			json_object_set(backup, key, value);
	}
	json_decref(record);
}
