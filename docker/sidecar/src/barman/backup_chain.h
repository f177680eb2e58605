/*
 * backup_chain.h
 *
 * The backups that an incremental one is made of.
 */
#ifndef BARMAN_BACKUP_CHAIN_H
#define BARMAN_BACKUP_CHAIN_H

#include <jansson.h>

/*
 * What is known of a backup, of its parent, and so on to the full one, as an
 * array.  NULL unless each is known; then *unknown has malloc'd words on where
 * that ends.
 */
extern json_t *backup_chain(const char *server, const json_t *backup, char **unknown);

#endif							/* BARMAN_BACKUP_CHAIN_H */
