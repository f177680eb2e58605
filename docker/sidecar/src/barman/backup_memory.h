/*
 * backup_memory.h
 *
 * What is known of finished backups, so that Barman need not be asked again.
 */
#ifndef BARMAN_BACKUP_MEMORY_H
#define BARMAN_BACKUP_MEMORY_H

#include <stdbool.h>

#include <jansson.h>

/*
 * Keep what a list, and diagnose unless NULL, tell of the finished backups of
 * a server.  seen: catalogue_backup_ids() from before Barman was asked.
 */
extern void backup_memory_keep(const char *server, const json_t *backups,
							   const json_t *diagnose, const json_t *seen);

/* Fill the nulls of finished backups; true if each of them was known. */
extern bool backup_memory_recall(const char *server, json_t *backups);

/* Has every backup that is there been seen? */
extern bool backup_memory_has_all(const char *server);

/*
 * All of a server's backups, newest first, as the list has them and with
 * barman_diagnose_backup()'s keys; NULL unless each is known and nothing of
 * it was written since.
 */
extern json_t *backup_memory_list(const char *server);

/* One of them, or NULL */
extern json_t *backup_memory_find(const char *server, const char *id);

extern void backup_memory_forget_all(void);

#endif							/* BARMAN_BACKUP_MEMORY_H */
