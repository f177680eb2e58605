/*
 * row_records.c
 *
 * Counts rows by the records of heaps.  Reads of a row only what tells a chunk
 * of TOAST from others, and of those of pg_class their name.
 */
#include "wal/row_records.h"

#include <stdlib.h>
#include <string.h>

#include "wal/bytes.h"

#define HEAP_OPERATION	   0x70
#define HEAP_INSERT		   0x00
#define HEAP_DELETE		   0x10
#define HEAP_UPDATE		   0x20
#define HEAP_TRUNCATE	   0x30
#define HEAP_HOT_UPDATE	   0x40
#define HEAP2_MULTI_INSERT 0x50

#define INSERT_SHOWS_ROW   0x08 /* wal_level = logical */
#define INSERT_OF_TOAST	   0x10
#define DELETE_SPECULATIVE 0x08 /* takes back an INSERT that ON CONFLICT has refused */
#define DELETE_MOVES	   0x10

#define IMAGE_COMPRESSED 0x1C

/* The row as a record has it: t_infomask2, t_infomask, t_hoff, and what follows the 23 bytes of its header */
#define ROW_HEADER	 5
#define TUPLE_HEADER 23
#define HAS_NULL	 0x0001
#define COLUMNS		 0x07FF

#define PG_CLASS	 1259
#define NAME_SIZE	 64
#define JUST_CREATED 16

/* A page: its header, then an array of where the rows are */
#define PAGE_ROWS	  24
#define ROW_INFOMASK2 18

typedef enum Chunk
{
	IS_CHUNK,
	IS_NO_CHUNK,
	IS_NOT_SHOWN
} Chunk;

static FlightRelation *just_created(const FlightTransaction *transaction, uint32_t database,
									uint32_t number);
static bool truncate_record(Changes *changes, FlightTransaction *transaction,
							const WalRecord *record);
static void count_insert(FlightTransaction *transaction, FlightRelation *relation,
						 const RecordParts *parts);
static void count_delete(FlightTransaction *transaction, FlightRelation *relation, uint8_t flags);
static Chunk is_chunk(FlightTransaction *transaction, const FlightRelation *relation,
					  const RecordParts *parts);
static bool has_shape_of_chunk(const uint8_t *row, size_t length, uint32_t *number);
static const uint8_t *inserted_row(const RecordParts *parts, size_t *length);
static const uint8_t *row_in_image(const RecordBlock *block, uint16_t number, size_t *length);

bool
row_record(Changes *changes, FlightTransaction *transaction, const WalRecord *record)
{
	const RecordParts *parts = &changes->parts;
	uint8_t operation = record->info & HEAP_OPERATION;
	bool is_heap2 = record->rmgr == RMGR_HEAP2;
	uint32_t least;
	FlightRelation *relation;

	if (is_heap2 && operation != HEAP2_MULTI_INSERT)
		return true;
	if (!is_heap2 && operation == HEAP_TRUNCATE)
		return truncate_record(changes, transaction, record);
	if (!is_heap2 && operation != HEAP_INSERT && operation != HEAP_DELETE &&
		operation != HEAP_UPDATE && operation != HEAP_HOT_UPDATE)
		return true;
	least = is_heap2 ? 4 : operation == HEAP_INSERT ? 3 : operation == HEAP_DELETE ? 8 : 14;
	if (parts->block_count == 0 || parts->blocks[0].id != 0 || parts->main_length < least)
		return changes_fail(changes, record->lsn, "it changes a row and does not say where");
	if (parts->blocks[0].file.number < FIRST_USER_OID && !changes->options.catalogs)
		return true;
	relation = in_flight_relation(changes->flight, transaction, &parts->blocks[0].file);
	if (relation == NULL)
		return changes_fail(changes, record->lsn, "more relations are open than the limit allows");
	if (is_heap2)
		relation->inserted += bytes_u16(parts->main + 2);
	else if (operation == HEAP_INSERT)
		count_insert(transaction, relation, parts);
	else if (operation == HEAP_DELETE)
		count_delete(transaction, relation, parts->main[7]);
	else
		relation->updated++;
	return true;
}

void
class_record(Changes *changes, const FlightTransaction *transaction, const WalRecord *record)
{
	const RecordParts *parts = &changes->parts;
	const RelationFile *class = &parts->blocks[0].file;
	FlightRelation *relation;
	const uint8_t *row;
	size_t length;
	size_t at;
	char name[NAME_SIZE + 1] = "";
	char *end;
	unsigned long oid;

	if (record->rmgr != RMGR_HEAP || (record->info & HEAP_OPERATION) != HEAP_INSERT ||
		parts->block_count == 0 || class->number != PG_CLASS || parts->main_length < 2 ||
		(row = inserted_row(parts, &length)) == NULL)
		return;
	/* its first columns are oid and relname, which are never null */
	if (row[4] < TUPLE_HEADER)
		return;
	at = ROW_HEADER + (size_t) row[4] - TUPLE_HEADER;
	if (length < at + 4 + NAME_SIZE)
		return;
	memcpy(name, row + at + 4, NAME_SIZE);
	relation = just_created(transaction, class->database, bytes_u32(row + at));
	if (relation == NULL)
		return;
	relation->is_toast = strncmp(name, "pg_toast_", 9) == 0;
	if (strncmp(name, "pg_temp_", 8) != 0)
		return;
	oid = strtoul(name + 8, &end, 10);
	if (end != name + 8 && *end == '\0' && oid <= UINT32_MAX)
		relation->rewrites = (uint32_t) oid;
}

/* A file is made just before its relation, so that it is among the last. */
static FlightRelation *
just_created(const FlightTransaction *transaction, uint32_t database, uint32_t number)
{
	FlightRelation *relation = transaction->relations;

	for (int i = 0; i < JUST_CREATED && relation != NULL; i++, relation = relation->of_transaction)
	{
		if (relation->created != 0 && relation->file.database == database &&
			relation->file.number == number)
			return relation;
	}
	return NULL;
}

/* Written at wal_level = logical only */
static bool
truncate_record(Changes *changes, FlightTransaction *transaction, const WalRecord *record)
{
	const uint8_t *at = changes->parts.main;
	uint32_t count;

	if (changes->parts.main_length < 12 ||
		(count = bytes_u32(at + 4)) > (changes->parts.main_length - 12) / 4)
		return changes_fail(changes, record->lsn,
							"a list of truncated relations is longer than the record");
	for (uint32_t i = 0; i < count; i++)
	{
		FlightTable table = {record->lsn, bytes_u32(at), bytes_u32(at + 12 + (size_t) i * 4), true};

		if (!in_flight_add_table(changes->flight, transaction, &table))
			return changes_fail(changes, record->lsn,
								"more relations are open than the limit allows");
	}
	return true;
}

static void
count_insert(FlightTransaction *transaction, FlightRelation *relation, const RecordParts *parts)
{
	FlightRelation *arrived = transaction->arrived;
	Chunk chunk = IS_NO_CHUNK;

	if (transaction->is_moving || arrived == relation)
		chunk = is_chunk(transaction, relation, parts);
	transaction->arrived = NULL;
	if (arrived == relation && chunk == IS_CHUNK && arrived->moved_in > 0)
	{
		/* the one before was a chunk as well */
		arrived->moved_in--;
		arrived->inserted++;
		transaction->is_moving = true;
	}
	if (transaction->is_moving && chunk != IS_CHUNK)
	{
		relation->moved_in++;
		transaction->is_moving = false;
		if (chunk == IS_NOT_SHOWN)
			transaction->arrived = relation;
	}
	else
		relation->inserted++;
}

static void
count_delete(FlightTransaction *transaction, FlightRelation *relation, uint8_t flags)
{
	if (flags & DELETE_SPECULATIVE)
	{
		if (relation->inserted > 0)
			relation->inserted--;
	}
	else if (flags & DELETE_MOVES)
	{
		relation->moved_out++;
		transaction->is_moving = true;
		transaction->arrived = NULL;
		transaction->chunks = NULL;
	}
	else
		relation->deleted++;
}

/* Chunks of a value are numbered from 0 and inserted one after the other. */
static Chunk
is_chunk(FlightTransaction *transaction, const FlightRelation *relation, const RecordParts *parts)
{
	bool goes_on = transaction->chunks == relation;
	uint8_t flags = parts->main[2];
	size_t length;
	const uint8_t *row = inserted_row(parts, &length);
	uint32_t number;

	if (flags & INSERT_SHOWS_ROW)
		return flags & INSERT_OF_TOAST ? IS_CHUNK : IS_NO_CHUNK;
	if (relation->is_toast)
		return IS_CHUNK;
	if (row == NULL)
	{
		if (!goes_on)
			return IS_NOT_SHOWN;
		transaction->next_chunk++;
		return IS_CHUNK;
	}
	if (!has_shape_of_chunk(row, length, &number))
		return IS_NO_CHUNK;
	/* of one whose beginning was not shown, the second is the first that can be seen */
	if (number != 0 && number != 1 && !(goes_on && number == transaction->next_chunk))
		return IS_NO_CHUNK;
	transaction->chunks = (FlightRelation *) relation;
	transaction->next_chunk = number + 1;
	return IS_CHUNK;
}

/* Three columns, none of them null: an OID, the chunk's number, and bytes to the row's end */
static bool
has_shape_of_chunk(const uint8_t *row, size_t length, uint32_t *number)
{
	const size_t data = ROW_HEADER + 1 + 8;
	size_t rest = length - data;

	if (length < data + 4 || (bytes_u16(row) & COLUMNS) != 3 || (bytes_u16(row + 2) & HAS_NULL) ||
		row[4] != TUPLE_HEADER + 1)
		return false;
	*number = bytes_u32(row + ROW_HEADER + 1 + 4);
	if (bytes_u32(row + ROW_HEADER + 1) < FIRST_USER_OID)
		return false;
	/* a short header, or a long one of what is not compressed */
	return row[data] & 1 ? (size_t) row[data] >> 1 == rest
						 : !(row[data] & 3) && bytes_u32(row + data) >> 2 == rest;
}

/* Behind an image of its page, the row is left out but at wal_level = logical. */
static const uint8_t *
inserted_row(const RecordParts *parts, size_t *length)
{
	const RecordBlock *block = &parts->blocks[0];

	*length = block->data_length;
	if (*length >= ROW_HEADER)
		return block->data;
	return block->has_image && !(block->image_info & IMAGE_COMPRESSED)
			   ? row_in_image(block, bytes_u16(parts->main), length)
			   : NULL;
}

/* Rows are behind the hole, and the array before it. */
static const uint8_t *
row_in_image(const RecordBlock *block, uint16_t number, size_t *length)
{
	size_t array_end = block->hole_length > 0 ? block->hole_offset : block->image_length;
	size_t pointer_at = PAGE_ROWS + ((size_t) number - 1) * 4;
	uint32_t pointer;
	size_t at;

	if (number == 0 || pointer_at + 4 > array_end)
		return NULL;
	pointer = bytes_u32(block->image + pointer_at);
	at = pointer & 0x7FFF;
	*length = pointer >> 17;
	if (at < (size_t) block->hole_offset + block->hole_length || *length < ROW_INFOMASK2 + ROW_HEADER)
		return NULL;
	at -= block->hole_length;
	if (at + *length > block->image_length)
		return NULL;
	*length -= ROW_INFOMASK2;
	return block->image + at + ROW_INFOMASK2;
}
