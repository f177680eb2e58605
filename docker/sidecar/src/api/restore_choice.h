/*
 * restore_choice.h
 *
 * Chooses the backup for a restore, and the timeline to follow.
 */
#ifndef API_RESTORE_CHOICE_H
#define API_RESTORE_CHOICE_H

#include "http/request.h"

/*
 * Sets "backup_id" and "target_timeline" (0: the newest) in checked arguments.  If
 * "target_name" is a mark of the caller's, sets "target_lsn" instead and keeps the name
 * in "mark".  Sets "timeline_is_new" if the caller's own timeline is not archived yet.
 * True: *backup holds the facts of the backup; the caller releases it.  False: *refusal
 * is the answer, or NULL if the request sleeps.
 */
extern bool restore_choose(Request *request, json_t *arguments, json_t **backup,
						   Answer **refusal);

#endif							/* API_RESTORE_CHOICE_H */
