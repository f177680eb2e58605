/*
 * choose_backup.h
 *
 * Chooses the backup for a restore, and the timeline to follow.
 */
#ifndef API_CHOOSE_BACKUP_H
#define API_CHOOSE_BACKUP_H

#include "http/request.h"
#include "restore/recovery_request.h"

/*
 * Sets the backup_id, the timeline of the target (0: the newest) and timeline_is_new.
 * If the target's name is that of a mark of the caller's, the target becomes the
 * position of the mark.  True: *backup holds the facts of the backup; the caller
 * releases it.  False: *refusal is the answer, or NULL if the request sleeps.
 */
extern bool restore_choose(Request *request, RestoreRequest *restore, json_t **backup,
						   Answer **refusal);

/* The same, whether or not this host can restore the backup */
extern bool restore_choose_by_target(Request *request, RestoreRequest *restore, json_t **backup,
									 Answer **refusal);

#endif /* API_CHOOSE_BACKUP_H */
