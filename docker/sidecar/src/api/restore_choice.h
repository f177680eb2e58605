/*
 * restore_choice.h
 *
 * Which backup serves a restore, and along which timeline.
 */
#ifndef API_RESTORE_CHOICE_H
#define API_RESTORE_CHOICE_H

#include "http/request.h"

/*
 * Pins down "backup_id" and "target_timeline" (0: the newest there is) of
 * checked arguments; where "target_name" is a mark of the caller's,
 * "target_lsn" takes its place, and "mark" keeps the name; "timeline_is_new" is true if the caller's own timeline
 * is not archived yet.  True: *backup, which the caller releases, is what is
 * known of it.  False: *refusal is the answer, or NULL if the request sleeps.
 */
extern bool restore_choose(Request *request, json_t *arguments, json_t **backup,
						   Answer **refusal);

#endif							/* API_RESTORE_CHOICE_H */
