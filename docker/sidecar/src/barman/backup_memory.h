/*
 * backup_memory.h
 *
 * Remembers the facts of finished backups, so that Barman need not run again.
 */
#ifndef BARMAN_BACKUP_MEMORY_H
#define BARMAN_BACKUP_MEMORY_H

#include <stdbool.h>

#include <jansson.h>

/*
 * Keep the facts of a server's finished backups from a list, and from diagnose
 * unless NULL.  seen: catalogue_backup_ids() from before Barman ran.
 */
extern void backup_memory_keep(const char *server, const json_t *backups, const json_t *diagnose,
							   const json_t *seen);

/* Fill the nulls of finished backups; true if all of them were known. */
extern bool backup_memory_recall(const char *server, json_t *backups);

/*
 * All of a server's backups, newest first, with the keys of the list and of
 * barman_diagnose_backup(); NULL unless all are known and unchanged since.
 */
extern json_t *backup_memory_list(const char *server);

/* One backup of these, or NULL */
extern json_t *backup_memory_find(const char *server, const char *id);

extern void backup_memory_forget_all(void);

#endif /* BARMAN_BACKUP_MEMORY_H */
