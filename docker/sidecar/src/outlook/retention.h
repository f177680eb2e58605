/*
 * retention.h
 *
 * What Barman's retention policy will delete next.
 */
#ifndef OUTLOOK_RETENTION_H
#define OUTLOOK_RETENTION_H

#include <jansson.h>

/*
 * {backup_id, chain, at, when}: the next full backup that goes, with the
 * incremental backups based on it; when in words, at as a time if one is known.
 * Without a backup that can go, backup_id is null, and when says why.  backups:
 * of the server, newest first; facts: of catalogue_facts().
 */
extern json_t *retention_next(const json_t *backups, const json_t *facts);

#endif /* OUTLOOK_RETENTION_H */
