/*
 * backup_hold.h
 *
 * Protects a backup that is being copied from the retention policy.
 */
#ifndef BARMAN_BACKUP_HOLD_H
#define BARMAN_BACKUP_HOLD_H

#include <stdbool.h>

#include <jansson.h>

typedef struct BackupHold BackupHold;

/*
 * Take Barman's own locks of these backups (ids).  If this version of Barman
 * deletes backups without them, also take that of the server's barman cron, so
 * that any barman cron skips the server.  Does not wait for a lock that another
 * process holds: returns NULL and sets *busy.  Returns NULL without *busy if
 * the location of Barman's locks is unknown.
 */
extern BackupHold *backup_hold(const char *server, const json_t *ids, bool *busy);
extern void backup_let_go(BackupHold *hold);

/* Does the backup still exist where Barman keeps it?  True if unknown. */
extern bool backup_is_there(const char *server, const char *id);

/*
 * The servers that barman cron skips now, as an array.  Releases a server whose
 * WAL receiver has ended, or does not run although WAL is to be streamed:
 * barman cron starts it, because WAL has priority over a restore.
 */
extern json_t *backup_held_servers(void);

/* The same check, for a holder that cannot rely on a barman cron of ours */
extern void backup_hold_look(BackupHold *hold);

#endif /* BARMAN_BACKUP_HOLD_H */
