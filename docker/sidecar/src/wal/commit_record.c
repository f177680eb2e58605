/*
 * commit_record.c
 *
 * Splits COMMIT and ABORT records.  Reads no list beyond the record.
 */
#include "wal/commit_record.h"

#include <stddef.h>
#include <string.h>

#include "wal/bytes.h"
#include "wal/page_header.h"

#define XACT_OPERATION		 0x70
#define XACT_COMMIT			 0x00
#define XACT_PREPARE		 0x10
#define XACT_ABORT			 0x20
#define XACT_COMMIT_PREPARED 0x30
#define XACT_ABORT_PREPARED	 0x40
#define XACT_HAS_INFO		 0x80

#define HAS_DATABASE		0x0001
#define HAS_SUBTRANSACTIONS 0x0002
#define HAS_FILES			0x0004
#define HAS_INVALIDATIONS	0x0008
#define HAS_TWO_PHASE		0x0010
#define HAS_ORIGIN			0x0020
#define HAS_GID				0x0080
#define HAS_DROPPED_STATS	0x0100

#define FILE_SIZE			  12
#define INVALIDATION_SIZE	  16
#define INVALIDATION_RELCACHE (-2)

/* xl_xact_prepare: where it has the length of the identifier, and how long it is itself */
#define PREPARE_GID_LENGTH 54
#define PREPARE_SIZE	   72

/* From 1970 to 2000, where PostgreSQL's time begins */
#define EPOCH_MICROSECONDS (INT64_C(946684800) * 1000000)

typedef struct Rest
{
	const uint8_t *at;
	size_t left;
} Rest;

static const char *read_parts(Rest *rest, uint32_t has, CommitRecord *commit);
static bool read_list(Rest *rest, size_t item_size, const uint8_t **items, uint32_t *count);
static const uint8_t *take(Rest *rest, size_t length);

const char *
commit_record_parse(const WalRecord *record, const RecordParts *parts, bool *ends,
					CommitRecord *commit)
{
	uint8_t operation = record->info & XACT_OPERATION;
	Rest rest = {parts->main, parts->main_length};
	const uint8_t *at;
	uint32_t has = 0;

	memset(commit, 0, sizeof(*commit));
	commit->is_commit = operation == XACT_COMMIT || operation == XACT_COMMIT_PREPARED;
	commit->is_prepared = operation == XACT_COMMIT_PREPARED || operation == XACT_ABORT_PREPARED;
	*ends = commit->is_commit || operation == XACT_ABORT || operation == XACT_ABORT_PREPARED;
	if (!*ends)
		return NULL;
	commit->xid = record->xid;
	commit->stats_item_size = record->version >= 18 ? 16 : 12;
	if ((at = take(&rest, 8)) == NULL)
		return "a COMMIT or ABORT has no time";
	/* wraps for a time that PostgreSQL does not know, instead of being undefined */
	commit->time = (int64_t) (bytes_u64(at) + (uint64_t) EPOCH_MICROSECONDS);
	if (record->info & XACT_HAS_INFO)
	{
		if ((at = take(&rest, 4)) == NULL)
			return "a COMMIT or ABORT ends before it says what it has";
		has = bytes_u32(at);
	}
	if (commit->is_prepared && !(has & HAS_TWO_PHASE))
		return "a COMMIT or ABORT of a prepared transaction does not say of which";
	return read_parts(&rest, has, commit);
}

/* In this order */
static const char *
read_parts(Rest *rest, uint32_t has, CommitRecord *commit)
{
	static const char short_list[] = "a list of a COMMIT or ABORT is longer than the record";
	const uint8_t *at;

	if ((has & HAS_DATABASE) && take(rest, 8) == NULL)
		return "a COMMIT or ABORT ends within its database";
	if ((has & HAS_SUBTRANSACTIONS) &&
		!read_list(rest, 4, &commit->subtransactions, &commit->subtransaction_count))
		return short_list;
	if ((has & HAS_FILES) && !read_list(rest, FILE_SIZE, &commit->files, &commit->file_count))
		return short_list;
	if ((has & HAS_DROPPED_STATS) &&
		!read_list(rest, (size_t) commit->stats_item_size, &commit->stats, &commit->stats_count))
		return short_list;
	if ((has & HAS_INVALIDATIONS) &&
		!read_list(rest, INVALIDATION_SIZE, &commit->invalidations, &commit->invalidation_count))
		return short_list;
	if (has & HAS_TWO_PHASE)
	{
		if ((at = take(rest, 4)) == NULL)
			return "a COMMIT or ABORT ends within the xid of a prepared transaction";
		commit->xid = bytes_u32(at);
	}
	if (has & HAS_GID)
	{
		size_t length = strnlen((const char *) rest->at,
								rest->left < GID_SIZE ? rest->left : GID_SIZE);

		if (length == rest->left || length == GID_SIZE)
			return "the identifier of a prepared transaction does not end";
		commit->gid = (const char *) take(rest, length + 1);
	}
	if ((has & HAS_ORIGIN) && take(rest, 16) == NULL)
		return "a COMMIT or ABORT ends within its origin";
	return NULL;
}

const char *
prepare_record_gid(const WalRecord *record, const RecordParts *parts)
{
	uint32_t length;

	if ((record->info & XACT_OPERATION) != XACT_PREPARE || parts->main_length < PREPARE_SIZE)
		return NULL;
	length = bytes_u16(parts->main + PREPARE_GID_LENGTH);
	if (length == 0 || length > GID_SIZE || length > parts->main_length - PREPARE_SIZE ||
		parts->main[PREPARE_SIZE + length - 1] != '\0')
		return NULL;
	return (const char *) parts->main + PREPARE_SIZE;
}

uint32_t
commit_subtransaction(const CommitRecord *commit, uint32_t i)
{
	return bytes_u32(commit->subtransactions + (size_t) i * 4);
}

RelationFile
commit_file(const CommitRecord *commit, uint32_t i)
{
	const uint8_t *at = commit->files + (size_t) i * FILE_SIZE;

	return (RelationFile){bytes_u32(at), bytes_u32(at + 4), bytes_u32(at + 8)};
}

bool
commit_dropped(const CommitRecord *commit, uint32_t i, uint32_t *database, uint32_t *relation)
{
	const uint8_t *at = commit->stats + (size_t) i * (size_t) commit->stats_item_size;
	uint32_t kind = bytes_u32(at);

	*database = bytes_u32(at + 4);
	*relation = bytes_u32(at + 8);
	/* since 18 the identifier has 64 bits, of which an OID needs half */
	if (commit->stats_item_size == 16 && bytes_u32(at + 12) != 0)
		return false;
	return kind == STATS_DATABASE ? *database != 0 && *relation == 0
								  : kind == STATS_RELATION && *relation != 0;
}

bool
commit_invalidated(const CommitRecord *commit, uint32_t i, uint32_t *database, uint32_t *relation)
{
	const uint8_t *at = commit->invalidations + (size_t) i * INVALIDATION_SIZE;

	*database = bytes_u32(at + 4);
	*relation = bytes_u32(at + 8);
	return (int8_t) at[0] == INVALIDATION_RELCACHE && *relation != 0;
}

static bool
read_list(Rest *rest, size_t item_size, const uint8_t **items, uint32_t *count)
{
	const uint8_t *at = take(rest, 4);

	if (at == NULL)
		return false;
	*count = bytes_u32(at);
	/* no product overflows: a count has 32 bits and an item at most 16 bytes */
	*items = take(rest, *count * item_size);
	return *items != NULL;
}

/* NULL if that many bytes are not left */
static const uint8_t *
take(Rest *rest, size_t length)
{
	const uint8_t *at = rest->at;

	if (at == NULL || rest->left < length)
		return NULL;
	rest->at += length;
	rest->left -= length;
	return at;
}
