/*
 * names.h
 *
 * Names that callers may give: of servers, and of backups.
 */
#ifndef BASE_NAMES_H
#define BASE_NAMES_H

#include <stdbool.h>

/*
 * Arguments, before they reach barman's command line.  A valid backup id is an
 * id, a fixed shortcut or a name that is safe to pass; whether it exists is
 * for the caller to look up.  (Barman takes "" and "f" for "last-failed".)
 */
extern bool barman_valid_server_name(const char *name);
extern bool barman_valid_backup_id(const char *id);

#endif							/* BASE_NAMES_H */
