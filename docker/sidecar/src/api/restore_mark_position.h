/*
 * restore_mark_position.h
 *
 * A mark as the target of a restore.
 */
#ifndef API_RESTORE_MARK_POSITION_H
#define API_RESTORE_MARK_POSITION_H

#include <jansson.h>

#include "restore/recovery_request.h"

/*
 * If the target is the name of the caller's own mark, makes it the mark's
 * position, because older restore points may have the same name.  For backups
 * of another cluster, as the list tells, the name is only a name.
 */
extern void restore_place_mark(RestoreRequest *restore, const json_t *list);

#endif /* API_RESTORE_MARK_POSITION_H */
