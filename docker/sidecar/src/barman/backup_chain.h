/*
 * backup_chain.h
 *
 * The chain of backups that an incremental backup needs.
 */
#ifndef BARMAN_BACKUP_CHAIN_H
#define BARMAN_BACKUP_CHAIN_H

#include <jansson.h>

/*
 * The facts of a backup, of its parent, and so on to the full backup, as an
 * array.  NULL if one is unknown; then *unknown is a malloc'd text that says
 * where the chain ends.
 */
extern json_t *backup_chain(const char *server, const json_t *backup, char **unknown);

#endif /* BARMAN_BACKUP_CHAIN_H */
