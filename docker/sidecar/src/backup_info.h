/*
 * backup_info.h
 *
 * Barman's own records of its backups, read where it keeps them.
 */
#ifndef BACKUP_INFO_H
#define BACKUP_INFO_H

#include <jansson.h>

/*
 * What the records tell of the backups of a list, as a document of diagnose.
 * NULL unless each of them has a record that tells all.
 */
extern json_t *backup_info_document(const char *server, const json_t *backups);

#endif							/* BACKUP_INFO_H */
