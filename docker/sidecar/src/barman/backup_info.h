/*
 * backup_info.h
 *
 * Reads Barman's own records of its backups.
 */
#ifndef BARMAN_BACKUP_INFO_H
#define BARMAN_BACKUP_INFO_H

#include <stdbool.h>

#include <jansson.h>

/*
 * The records of the backups of a list, as a document of diagnose.  NULL unless
 * each backup has a complete record.
 */
extern json_t *backup_info_document(const char *server, const json_t *backups);

/* The record of one backup, in the form of barman_diagnose_backup(); or NULL */
extern json_t *backup_info_find(const char *server, const char *id);

/*
 * Without a retention policy, list-backups does not report which backups are
 * kept: fill that in, in the words that it uses with one.
 */
extern void backup_info_add_kept(const char *server, json_t *backups);

/* Does the backup have a record, complete or not?  The id must be valid. */
extern bool backup_info_exists(const char *server, const char *id);

#endif /* BARMAN_BACKUP_INFO_H */
