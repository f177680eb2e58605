/*
 * backup_fits.c
 *
 * Refuses backups that cannot be restored on this host, before anything is
 * copied.
 */
#include "restore/backup_fits.h"

#include <stdlib.h>

#include "base/memory.h"
#include "base/settings.h"
#include "restore/copy_backup.h"
#include "restore/segment_name.h"
#include "restore/server_process.h"

/* Can this host's PostgreSQL run the backup? */
Answer *
backup_refuse_version(const json_t *backup)
{
	int major = (int) json_integer_value(json_object_get(backup, "postgresql_version")) / 10000;
	int here = server_major_version(settings.pg_bindir);

	if (here != major && major != 0 && settings.pg_bindir == NULL)
		return answer_wrong_state(mem_printf("a server of PostgreSQL %d cannot be started here",
											 major),
								  mem_strdup(
									  "The sidecar runs without --instance-root and --pg-bindir: it restores nothing."),
								  "Give it --instance-root, and PostgreSQL's programs with --pg-bindir.");
	if (here != major && major != 0)
		return answer_wrong_state(mem_printf("a server of PostgreSQL %d cannot be started here",
											 major),
								  here != 0
									  ? mem_printf("The backup is of PostgreSQL %d, the sidecar has the programs of %d.",
												   major, here)
									  : mem_printf("The backup is of PostgreSQL %d, and \"%s\" holds no PostgreSQL server.",
												   major, settings.pg_bindir),
								  "Install that version of PostgreSQL on Barman's host and name its programs with --pg-bindir.");
	return NULL;
}

/* All computations with WAL depend on the segment size. */
Answer *
backup_refuse_segments(const json_t *backup)
{
	char *words = restore_segment_size_is_bad(backup);

	if (words == NULL)
		return NULL;
	return answer_wrong_state(mem_printf("backup %s cannot be restored: what is recorded of it cannot be",
										 json_text_of(backup, "backup_id")),
							  words,
							  "Find out what answers for pg_settings where Barman connects; choose another backup.");
}

Answer *
backup_refuse_tablespaces(const json_t *backup)
{
	char *words = restore_tablespaces_are_bad(backup);

	if (words == NULL)
		return NULL;
	return answer_wrong_state(mem_printf("backup %s cannot be restored elsewhere",
										 json_text_of(backup, "backup_id")),
							  words,
							  "Rename the tablespace (ALTER TABLESPACE ... RENAME TO ...) and take another backup.");
}
