/*
 * catalogue.h
 *
 * Knows where a server's backups and WAL are, and detects changes there.  Uses
 * names, sizes and times of files, not their contents.
 */
#ifndef BARMAN_CATALOGUE_H
#define BARMAN_CATALOGUE_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

/*
 * Load what was learnt before a restart, because a PostgreSQL that hangs makes
 * Barman hang too.  Call before there are other threads.
 */
extern void catalogue_start(const char *state_dir);

/* The state of Barman's configuration; changes with it */
extern uint64_t catalogue_configuration(void);

/*
 * directories: the result of barman_parse_directories(); configuration: the
 * state before Barman was asked, as it may have changed while Barman ran
 */
extern void catalogue_learn(const char *server, const json_t *directories, uint64_t configuration);

/* Whether Barman has told the directories since its configuration was changed */
extern bool catalogue_known(const char *server);

/* Whether it has told them so a short time ago, and reached PostgreSQL for it */
extern bool catalogue_recent(const char *server);

/* Whether it has told them at all */
extern bool catalogue_told(const char *server);

/* What Barman reported about the server; the caller releases it; or NULL */
extern json_t *catalogue_facts(const char *server);

/* malloc'd system identifier of the server's PostgreSQL, even if it is unreachable; or NULL */
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
 * writes backup.info}
 */
extern json_t *catalogue_backup_ids(const char *server);

/* Paths of Barman's record of a backup: since 3.13.2 and before; malloc'd */
typedef struct RecordPaths
{
	char *new;
	char *old;
} RecordPaths;

extern RecordPaths catalogue_record_paths(const char *base, const char *id);
extern void catalogue_free_paths(RecordPaths *paths);

/* Paths of Barman's keep annotation of a backup: since 3.13.3 and before; malloc'd */
extern RecordPaths catalogue_keep_paths(const char *base, const char *id);

/* A number that changes whenever a WAL segment arrives or is archived. */
extern uint64_t catalogue_wal_signature(const char *server);

/* Is this segment in the WAL archive? */
extern bool catalogue_has_wal(const char *server, const char *wal_file);

/* Areas of received WAL (streaming, archive_command) not archived yet; NULL-terminated */
extern const char *const catalogue_received_areas[];

/* Are there complete segments or history files that are received but not archived yet? */
extern bool catalogue_waits(const char *server);

/* malloc'd name of the last archived segment of a timeline, or NULL */
extern char *catalogue_newest_wal(const char *server, int timeline);

/* The first or last archived segment of all timelines */
extern char *catalogue_extreme_wal(const char *server, bool last);

/* malloc'd name of a timeline's last archived .partial segment, as after a failover; or NULL */
extern char *catalogue_newest_partial(const char *server, int timeline);

/* malloc'd path of a segment or .partial file in the archive; NULL if unknown */
extern char *catalogue_wal_path(const char *server, const char *wal_file);

/* The newest timeline whose history file is archived; 0 if there is none. */
extern int catalogue_newest_history(const char *server);

/* The same for history files that are received but not archived yet */
extern int catalogue_received_history(const char *server);

extern void catalogue_forget_all(void);

#endif /* BARMAN_CATALOGUE_H */
