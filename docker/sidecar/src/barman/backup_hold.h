/*
 * backup_hold.h
 *
 * Keeps the retention policy from a backup that is being copied.
 */
#ifndef BARMAN_BACKUP_HOLD_H
#define BARMAN_BACKUP_HOLD_H

#include <stdbool.h>

#include <jansson.h>

typedef struct BackupHold BackupHold;

/*
 * Take Barman's own locks of these backups (ids), and where this version of
 * Barman removes backups without them, that of the server's maintenance; then
 * also the maintenance that somebody else starts passes the server over.  A
 * lock that somebody has is not waited for: *busy, and NULL.  NULL as well, but
 * not busy, if it is not known where Barman's locks are.
 */
extern BackupHold *backup_hold(const char *server, const json_t *ids, bool *busy);
extern void backup_let_go(BackupHold *hold);

/* Is the backup still where Barman keeps it?  True if that is not known. */
extern bool backup_is_there(const char *server, const char *id);

/*
 * For the maintenance: the servers it passes over now, as an array.  A server
 * whose receiver has ended, or was not there in the first place though WAL is
 * to be streamed, is let go: the maintenance starts it, for WAL counts more than
 * a restore.
 */
extern json_t *backup_held_servers(void);

/* The same look, for who holds and cannot know that there is a maintenance of ours */
extern void backup_hold_look(BackupHold *hold);

#endif							/* BARMAN_BACKUP_HOLD_H */
