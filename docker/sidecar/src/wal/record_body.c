/*
 * record_body.c
 *
 * Splits the body of a record: headers of blocks, then their data in the same
 * order, then the manager's own.  Never reads past the record's length.
 */
#include "wal/record_body.h"

#include <stddef.h>
#include <string.h>

#include "wal/bytes.h"
#include "wal/page_header.h"

#define ID_BLOCK_MAX  (RECORD_BLOCKS_MAX - 1)
#define ID_TOP_XID	  252
#define ID_ORIGIN	  253
#define ID_MAIN_LONG  254
#define ID_MAIN_SHORT 255

/* In the byte with the fork */
#define FORK_MASK 0x0F
#define HAS_IMAGE 0x10
#define HAS_DATA  0x20
#define SAME_FILE 0x80

#define IMAGE_HAS_HOLE	 0x01
#define IMAGE_COMPRESSED 0x1C /* pglz, LZ4 or zstd */

/* The part of a record that is not read yet */
typedef struct Rest
{
	const uint8_t *at;
	size_t left;
	size_t data; /* of which so many bytes are known to be data, at the end */
} Rest;

static const char *read_block(uint8_t id, Rest *rest, RecordParts *parts);
static const char *read_image(Rest *rest, RecordBlock *block);
static const char *find_data(Rest *rest, RecordParts *parts);
static const uint8_t *take(Rest *rest, size_t length);

const char *
record_parse(const WalRecord *record, RecordParts *parts)
{
	Rest rest = {record->body, record->length - RECORD_HEADER_SIZE, 0};
	const uint8_t *at;

	parts->top_xid = 0;
	parts->origin = 0;
	parts->block_count = 0;
	parts->main = NULL;
	parts->main_length = 0;

	/* what is left when only data remains is no header */
	while (rest.left > rest.data)
	{
		uint8_t id = *take(&rest, 1);
		const char *wrong = NULL;

		if (id <= ID_BLOCK_MAX)
			wrong = read_block(id, &rest, parts);
		else if (id == ID_MAIN_SHORT || id == ID_MAIN_LONG)
		{
			if ((at = take(&rest, id == ID_MAIN_SHORT ? 1 : 4)) == NULL)
				return "it ends within the length of its data";
			parts->main_length = id == ID_MAIN_SHORT ? *at : bytes_u32(at);
			rest.data += parts->main_length;
			break; /* always the last */
		}
		else if (id == ID_ORIGIN && (at = take(&rest, 2)) != NULL)
			parts->origin = bytes_u16(at);
		else if (id == ID_TOP_XID && (at = take(&rest, 4)) != NULL)
			parts->top_xid = bytes_u32(at);
		else
			return "it has a part of an unknown kind, or ends within one";
		if (wrong != NULL)
			return wrong;
	}
	return find_data(&rest, parts);
}

static const char *
read_block(uint8_t id, Rest *rest, RecordParts *parts)
{
	int n = parts->block_count;
	RecordBlock *block = &parts->blocks[n];
	const uint8_t *at = take(rest, 3);
	const char *wrong;

	if (at == NULL)
		return "it ends within the header of a block";
	if (n > 0 && id <= parts->blocks[n - 1].id)
		return "its blocks are out of order";
	memset(block, 0, sizeof(*block));
	block->id = id;
	block->fork = at[0] & FORK_MASK;
	block->has_image = (at[0] & HAS_IMAGE) != 0;
	block->data_length = bytes_u16(at + 1);
	if (((at[0] & HAS_DATA) != 0) != (block->data_length > 0))
		return "the length of a block's data contradicts its flags";
	rest->data += block->data_length;
	if (block->has_image && (wrong = read_image(rest, block)) != NULL)
		return wrong;
	if (at[0] & SAME_FILE)
	{
		if (n == 0)
			return "its first block is of the same file as the one before";
		block->file = parts->blocks[n - 1].file;
	}
	else
	{
		const uint8_t *file = take(rest, 12);

		if (file == NULL)
			return "it ends within the file of a block";
		block->file = (RelationFile){bytes_u32(file), bytes_u32(file + 4), bytes_u32(file + 8)};
	}
	if ((at = take(rest, 4)) == NULL)
		return "it ends within the number of a block";
	block->block = bytes_u32(at);
	parts->block_count++;
	return NULL;
}

/* A page in full, without the hole in its middle */
static const char *
read_image(Rest *rest, RecordBlock *block)
{
	const uint8_t *at = take(rest, 5);
	bool has_hole;
	bool is_compressed;

	if (at == NULL)
		return "it ends within the header of a page image";
	block->image_length = bytes_u16(at);
	block->hole_offset = bytes_u16(at + 2);
	block->image_info = at[4];
	has_hole = (at[4] & IMAGE_HAS_HOLE) != 0;
	is_compressed = (at[4] & IMAGE_COMPRESSED) != 0;
	if (block->image_length > WAL_PAGE_SIZE || block->hole_offset > WAL_PAGE_SIZE)
		return "a page image is larger than a page";
	if (!is_compressed)
		block->hole_length = (uint16_t) (WAL_PAGE_SIZE - block->image_length);
	else if (has_hole)
	{
		if ((at = take(rest, 2)) == NULL)
			return "it ends within the header of a page image";
		block->hole_length = bytes_u16(at);
	}
	if (has_hole ? block->hole_offset == 0 || block->hole_length == 0 ||
					   block->image_length == WAL_PAGE_SIZE ||
					   block->hole_offset + block->hole_length > WAL_PAGE_SIZE
				 : block->hole_offset != 0 || block->hole_length != 0)
		return "the hole of a page image contradicts its flags";
	if (is_compressed && block->image_length == WAL_PAGE_SIZE)
		return "a compressed page image has the size of a page";
	rest->data += block->image_length;
	return NULL;
}

static const char *
find_data(Rest *rest, RecordParts *parts)
{
	if (rest->left != rest->data)
		return "the lengths of its parts do not sum up to its length";
	for (int i = 0; i < parts->block_count; i++)
	{
		RecordBlock *block = &parts->blocks[i];

		if (block->has_image)
			block->image = take(rest, block->image_length);
		if (block->data_length > 0)
			block->data = take(rest, block->data_length);
	}
	if (parts->main_length > 0)
		parts->main = take(rest, parts->main_length);
	return NULL;
}

/* NULL if that many bytes are not left */
static const uint8_t *
take(Rest *rest, size_t length)
{
	const uint8_t *at = rest->at;

	if (rest->left < length)
		return NULL;
	rest->at += length;
	rest->left -= length;
	return at;
}
