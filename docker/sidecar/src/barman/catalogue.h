/*
 * catalogue.h
 *
 * Where a server's backups and WAL lie, and whether anything there changed.
 * Looks at names, sizes and times of files; what is in them is Barman's.
 */
#ifndef BARMAN_CATALOGUE_H
#define BARMAN_CATALOGUE_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

/*
 * Before there are other threads: what was learnt before a restart, for a
 * PostgreSQL that hangs keeps Barman from telling it again.
 */
extern void catalogue_start(const char *state_dir);

/* directories: as barman_parse_directories() */
extern void catalogue_learn(const char *server, const json_t *directories);
extern bool catalogue_known(const char *server);

/* What Barman has told of the server, for the caller to release; or NULL */
extern json_t *catalogue_told(const char *server);

/* malloc'd: of the PostgreSQL that it backs up, whether that can be reached or not; or NULL */
extern char *catalogue_system_id(const char *server);

/* malloc'd path of an area, or NULL if unknown */
extern char *catalogue_directory(const char *server, const char *area);

/*
 * A number that changes whenever the server's catalogue does; 0 if its
 * directories are not known.
 */
extern uint64_t catalogue_signature(const char *server);

/*
 * The backups that have a directory: {id: text that changes whenever Barman
 * writes the backup's description}
 */
extern json_t *catalogue_backup_ids(const char *server);

/* Where Barman keeps its record of a backup: since 3.13.2, or before; malloc'd */
typedef struct RecordPaths
{
	char	   *new;
	char	   *old;
} RecordPaths;

extern RecordPaths catalogue_record_paths(const char *base, const char *id);
extern void catalogue_free_paths(RecordPaths *paths);

/* Where it keeps that one is kept: since 3.13.3, or before; malloc'd */
extern RecordPaths catalogue_keep_paths(const char *base, const char *id);

/* A number that changes whenever a WAL segment arrives or is archived. */
extern uint64_t catalogue_wal_signature(const char *server);

/* Is this segment in the WAL archive? */
extern bool catalogue_has_wal(const char *server, const char *wal_file);

/* Where what was received lies, by streaming or archive_command, until it is archived; the last is NULL */
extern const char *const catalogue_received_areas[];

/* Are there whole segments, or histories, that were received and are not archived yet? */
extern bool catalogue_waits(const char *server);

/* malloc'd name of the last archived segment of a timeline, or NULL */
extern char *catalogue_newest_wal(const char *server, int timeline);

/* The same of the first or the last of all timelines */
extern char *catalogue_extreme_wal(const char *server, bool last);

/* malloc'd name of the last segment of a timeline that was archived as a part, as after a failover; or NULL */
extern char *catalogue_newest_partial(const char *server, int timeline);

/* malloc'd path of a segment, or of a part of one, in the archive; NULL: not known */
extern char *catalogue_wal_path(const char *server, const char *wal_file);

/* The newest timeline whose history is archived; 0: none is. */
extern int	catalogue_newest_history(const char *server);

/* The same of what was received and is not archived yet */
extern int	catalogue_received_history(const char *server);

extern void catalogue_forget_all(void);

#endif							/* BARMAN_CATALOGUE_H */
