/*
 * choose_backup.c
 *
 * Chooses the backup for a recovery target, and the timeline to follow from it.
 * Starts nothing and writes nothing, so that a refusal has no cost.
 */
#include "api/choose_backup.h"

#include <stdlib.h>
#include <string.h>

#include "api/path_names.h"
#include "api/restore_mark_position.h"
#include "api/waiting.h"
#include "barman/catalogue.h"
#include "barman/json.h"
#include "barman/lsn.h"
#include "base/failure.h"
#include "base/memory.h"
#include "base/timestamp.h"
#include "restore/backup_fits.h"
#include "restore/running_restore.h"
#include "restore/timeline_path.h"

/* Added where the retention policy may have removed a suitable backup */
#define KEEP_HINT \
	" What the retention policy has removed is gone; poc_keep_backup() keeps a backup from it."

typedef struct Choice
{
	Request *request;
	const char *server;
	const RestoreRequest *restore;
	json_t *backup;		  /* facts of the backup being examined */
	int timeline;		  /* to follow from it */
	bool timeline_is_new; /* and it is not archived yet */
	bool stopped;		  /* a read failed, or the request sleeps */
	Answer *answer;		  /* of the failed read */
} Choice;

static Answer *examine(Choice *choice, json_t *item);
static json_t *read_backup(Choice *choice, const char *id);
static Answer *refuse_target(const Choice *choice);
static bool ends_by(const json_t *backup, const char *time);
static Answer *refuse_timeline(Choice *choice);
static int wanted_timeline(const Choice *choice, int own);
static int caller_timeline(const Choice *choice);
static Answer *refuse_backup(const json_t *backup);
static int number_of(const json_t *object, const char *key);

bool
restore_choose(Request *request, RestoreRequest *restore, json_t **backup, Answer **refusal)
{
	if (!restore_choose_by_target(request, restore, backup, refusal))
		return false;
	*refusal = refuse_backup(*backup);
	if (*refusal == NULL)
		return true;
	json_decref(*backup);
	return false;
}

bool
restore_choose_by_target(Request *request, RestoreRequest *restore, json_t **backup, Answer **refusal)
{
	const char *asked = restore->backup_id;
	bool any = asked == NULL || strcmp(asked, "latest") == 0 || strcmp(asked, "last") == 0;
	Choice choice = {
		.request = request,
		.server = request->segments[SEGMENT_SERVER],
		.restore = restore,
	};
	Answer *list;
	json_t *named;
	json_t *one;
	size_t i;

	if (!route_find_backup(request, any ? "latest" : asked, &named, &list, refusal))
		return false;
	restore_place_mark(restore, list->value);
	if (!any)
		*refusal = examine(&choice, named);
	else
	{
		*refusal = NULL;
		json_array_foreach (json_object_get(list->value, "backups"), i, one)
		{
			if (!json_text_is(one, "status", "DONE"))
				continue;
			answer_release(*refusal);
			*refusal = examine(&choice, one);
			if (*refusal == NULL)
				break;
		}
	}
	answer_release(list);
	if (choice.stopped)
		*refusal = choice.answer;
	if (*refusal != NULL || choice.stopped)
	{
		json_decref(choice.backup);
		return false;
	}
	free(restore->backup_id);
	restore->backup_id = mem_strdup(json_text_of(choice.backup, "backup_id"));
	restore->target.timeline = choice.timeline;
	restore->timeline_is_new = choice.timeline_is_new;
	*backup = choice.backup;
	return true;
}

/* Why the backup is unsuitable; NULL if it is suitable or choice->stopped. */
static Answer *
examine(Choice *choice, json_t *item)
{
	Answer *refusal;

	json_decref(choice->backup);
	choice->backup = json_incref(item);
	if (!json_text_is(item, "status", "DONE") && !json_text_is(item, "status", "WAITING_FOR_WALS"))
		return answer_wrong_state(mem_printf("backup \"%s\" cannot be restored: it is %s",
											 json_text_of(item, "backup_id"),
											 json_text_of(item, "status")),
								  mem_strdup(json_text_of(item, "error")),
								  "Choose a backup whose status is DONE.");
	/* the list tells less than a restore must know */
	if (!barman_backup_is_wide(item))
	{
		json_t *wide = read_backup(choice, json_text_of(item, "backup_id"));

		if (wide == NULL)
			return NULL;
		json_decref(choice->backup);
		choice->backup = wide;
	}
	refusal = refuse_target(choice);
	return refusal != NULL ? refusal : refuse_timeline(choice);
}

static json_t *
read_backup(Choice *choice, const char *id)
{
	Answer *answer = route_read(choice->request, READ_BACKUP, choice->server, id);
	json_t *backup;

	if (answer == NULL || answer->status != 200)
	{
		choice->stopped = true;
		choice->answer = answer;
		return NULL;
	}
	backup = json_incref(json_object_get(answer->value, "backup"));
	answer_release(answer);
	return backup;
}

static Answer *
refuse_target(const Choice *choice)
{
	const char *id = json_text_of(choice->backup, "backup_id");
	const char *time = choice->restore->target.time;
	const char *lsn = choice->restore->target.lsn;
	const char *end = json_text_of(choice->backup, "end_lsn");
	uint64_t target;
	uint64_t end_lsn;

	if (time != NULL && !ends_by(choice->backup, time))
		return answer_wrong_state(mem_strdup("the target time lies before the end of the backup"),
								  mem_printf("Backup %s ended at %s.", id,
											 json_text_of(choice->backup, "end_time")),
								  "Choose an older backup, or a later time." KEEP_HINT);
	if (lsn != NULL && end != NULL && lsn_parse(lsn, &target) && lsn_parse(end, &end_lsn) &&
		target < end_lsn)
		return answer_wrong_state(mem_printf("position %s lies before the end of the backup", lsn),
								  mem_printf("Backup %s is consistent from %s on.", id, end),
								  "Choose an older backup, or a later position." KEEP_HINT);
	return NULL;
}

/* An unknown end_time is accepted. */
static bool
ends_by(const json_t *backup, const char *time)
{
	const char *end = json_text_of(backup, "end_time");
	int64_t end_us;
	int64_t time_us;

	return end == NULL || !timestamp_parse(end, &end_us) || !timestamp_parse(time, &time_us) ||
		   end_us <= time_us;
}

/*
 * Recovery follows one line of timelines.  PostgreSQL rejects a backup that is
 * not on it, but only after all files were copied.
 */
static Answer *
refuse_timeline(Choice *choice)
{
	const char *id = json_text_of(choice->backup, "backup_id");
	int own = number_of(choice->backup, "timeline");
	int wanted = wanted_timeline(choice, own);
	json_t *wide;
	bool leads;

	choice->timeline = wanted;
	choice->timeline_is_new = false;
	if (wanted == own || own == 0 || wanted == 0)
		return NULL;
	if (wanted < own)
		return answer_wrong_state(mem_printf("backup %s does not lead to timeline %d", id, wanted),
								  mem_printf("It is of timeline %d, which began later.", own),
								  "Choose a backup of that timeline, or of one before it.");
	choice->timeline_is_new = wanted > catalogue_newest_history(choice->server);
	if (choice->timeline_is_new &&
		(wanted == caller_timeline(choice) || wanted <= catalogue_received_history(choice->server)))
		return NULL;
	if (choice->timeline_is_new)
		return answer_wrong_state(mem_printf("Barman does not know timeline %d yet", wanted),
								  mem_printf("Its history, %08X.history, is not in the archive.",
											 (unsigned int) wanted),
								  "Once Barman receives from the server that was promoted, SELECT * FROM poc_switch_wal() has it archived.");
	wide = read_backup(choice, id);
	if (wide == NULL)
		return NULL;
	leads = restore_leads_to(wide, wanted);
	json_decref(wide);
	if (leads)
		return NULL;
	return answer_wrong_state(mem_printf("backup %s does not lead to timeline %d", id, wanted),
							  mem_printf("It is of timeline %d, and ended after timeline %d had begun.",
										 own, wanted),
							  "Choose an older backup, or with target_timeline the backup's own timeline; or take a new backup.");
}

/* The requested timeline; else the caller's; else the newest. */
static int
wanted_timeline(const Choice *choice, int own)
{
	int asked = choice->restore->target.timeline;
	int newest;
	int received;

	if (asked != 0)
		return asked;
	if (choice->restore->target.immediate)
		return own;
	if (caller_timeline(choice) != 0)
		return caller_timeline(choice);
	newest = catalogue_newest_history(choice->server);
	received = catalogue_received_history(choice->server);
	if (newest < received)
		newest = received;
	return newest > own ? newest : own;
}

/* 0 if the caller is not the server that was backed up, or is unknown */
static int
caller_timeline(const Choice *choice)
{
	const char *caller = choice->restore->system_identifier;
	const char *backed_up = json_text_of(choice->backup, "system_id");
	const char *wal_file = choice->restore->wal_file;
	unsigned int timeline = 0;

	/* if diagnose was late, the backup's system identifier is unknown */
	if (caller == NULL || (backed_up != NULL && strcmp(caller, backed_up) != 0))
		return 0;
	if (wal_file != NULL && sscanf(wal_file, "%8X", &timeline) == 1)
		return (int) timeline;
	return choice->restore->timeline;
}

/* Why the backup cannot be restored here, whatever the target */
static Answer *
refuse_backup(const json_t *backup)
{
	Answer *refusal = backup_refuse_version(backup);

	if (refusal == NULL)
		refusal = backup_refuse_segments(backup);
	if (refusal == NULL)
		refusal = backup_refuse_tablespaces(backup);
	return refusal;
}

static int
number_of(const json_t *object, const char *key)
{
	return (int) json_integer_value(json_object_get(object, key));
}
