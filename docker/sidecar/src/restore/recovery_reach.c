/*
 * recovery_reach.c
 *
 * Reports how far a recovery got in the WAL that Barman had archived and
 * received, and whether it stopped at a hole in the archive.
 */
#include "restore/recovery_reach.h"

#include <stdlib.h>

#include "barman/catalogue.h"
#include "barman/lsn.h"
#include "base/memory.h"
#include "base/timestamp.h"
#include "restore/segment_name.h"

static json_t *lsn_json(uint64_t lsn);

bool
restore_is_of_all(const Restore *restore)
{
	const RecoveryTarget *target = &restore->target;

	return target->name == NULL && target->time == NULL && target->lsn == NULL &&
		   target->xid == NULL && !target->immediate;
}

json_t *
restore_reach(Restore *restore, const Recovery *recovery)
{
	json_t *reach = json_checked(json_object());
	const char *recovered = recovery != NULL ? recovery->lsn : NULL;
	const char *time = recovery != NULL ? recovery->time : NULL;
	uint64_t lsn;
	int64_t newest;
	json_t *bytes = json_null();
	json_t *seconds = json_null();

	if (recovered != NULL && lsn_parse(recovered, &lsn) && restore->received_end > 0 &&
		!restore->received_unknown)
	{
		/* more may have been archived before the copy ended */
		if (restore->received_end < lsn)
			restore->received_end = lsn;
		uint64_t missing = restore->received_end > lsn ? restore->received_end - lsn : 0;

		bytes = json_integer((json_int_t) missing);
		if (missing == 0)
			seconds = json_real(0);
		else if (restore->received_at != 0 && time != NULL && timestamp_parse(time, &newest))
			seconds = json_real(restore->received_at > newest
									? (double) (restore->received_at - newest) / 1000000
									: 0);
	}
	json_object_set_new(reach, "archived_lsn", lsn_json(restore->archived_end));
	json_object_set_new(reach, "received_lsn",
						restore->received_unknown ? json_null() : lsn_json(restore->received_end));
	json_object_set_new(reach, "recovered_lsn", json_text(recovered));
	json_object_set_new(reach, "unreached_bytes", bytes);
	json_object_set_new(reach, "unreached_seconds", seconds);
	json_object_set(reach, "tail", restore->tail);
	return reach;
}

/* PostgreSQL takes a missing or damaged segment for the end of the WAL. */
char *
restore_hole(const Restore *restore, const Recovery *recovery)
{
	uint64_t size = (uint64_t) restore_segment_size(restore->backup);
	uint64_t lsn;
	char name[25];
	char archived[LSN_SIZE];

	if (!restore_is_of_all(restore) || recovery->lsn == NULL || !lsn_parse(recovery->lsn, &lsn) ||
		lsn + size >= restore->archived_end)
		return NULL;
	/* the segment in which it stopped, or the first that is missing */
	for (;; lsn += size)
	{
		restore_segment_name(restore->backup,
							 recovery->parent != 0 ? recovery->parent : restore_timeline(restore),
							 lsn, name);
		if (!catalogue_has_wal(job_server(restore->job), name))
			return mem_printf("Segment %s is missing from the archive, which goes on up to %s.",
							  name, lsn_text(restore->archived_end, archived));
		if (lsn + size >= restore->archived_end)
			break;
	}
	return mem_printf("It ended at %s, and the archive goes on up to %s: a segment there is damaged.",
					  recovery->lsn, lsn_text(restore->archived_end, archived));
}

char *
restore_reach_words(const json_t *reach)
{
	const char *received = json_text_of(reach, "received_lsn");
	json_int_t bytes = json_integer_value(json_object_get(reach, "unreached_bytes"));

	if (received == NULL)
		return mem_strdup("; how far Barman has received is not known");
	if (bytes == 0)
		return mem_printf("; Barman had received to %s", received);
	return mem_printf("; Barman had received to %s: %lld bytes were not reached", received,
					  (long long) bytes);
}

static json_t *
lsn_json(uint64_t lsn)
{
	char text[LSN_SIZE];

	return lsn != 0 ? json_text(lsn_text(lsn, text)) : json_null();
}
