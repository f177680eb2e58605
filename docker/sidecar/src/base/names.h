/*
 * names.h
 *
 * Checks the names of servers and backups.
 */
#ifndef BASE_NAMES_H
#define BASE_NAMES_H

#include <stdbool.h>

/*
 * Check arguments before they reach Barman's command line.  A valid backup id
 * is an id, a fixed shortcut, or a name that is safe to pass; the caller looks
 * up whether it exists.  (Barman takes "" and "f" for "last-failed".)
 */
extern bool barman_valid_server_name(const char *name);
extern bool barman_valid_backup_id(const char *id);

/* Is it an id as Barman gives them, YYYYMMDDTHHMMSS? */
extern bool barman_is_backup_id(const char *text);

#endif /* BASE_NAMES_H */
