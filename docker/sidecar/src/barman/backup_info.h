/*
 * backup_info.h
 *
 * Barman's own records of its backups, read where it keeps them.
 */
#ifndef BARMAN_BACKUP_INFO_H
#define BARMAN_BACKUP_INFO_H

#include <stdbool.h>

#include <jansson.h>

/*
 * What the records tell of the backups of a list, as a document of diagnose.
 * NULL unless each of them has a record that tells all.
 */
extern json_t *backup_info_document(const char *server, const json_t *backups);

/* One backup of these records, as barman_diagnose_backup() has it; or NULL */
extern json_t *backup_info_find(const char *server, const char *id);

/*
 * Without a retention policy list-backups does not tell which are kept: say it
 * with the words that it has where there is one.
 */
extern void backup_info_tell_kept(const char *server, json_t *backups);

/* Is there such a record, whatever it tells?  The id is a valid one. */
extern bool backup_info_exists(const char *server, const char *id);

#endif							/* BARMAN_BACKUP_INFO_H */
