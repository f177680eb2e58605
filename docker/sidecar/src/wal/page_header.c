/*
 * page_header.c
 *
 * Reads the header of a page of WAL.  Believes nothing of what it says.
 */
#include "wal/page_header.h"

#include <stddef.h>
#include <string.h>

#include "wal/bytes.h"

#define FLAG_CONTINUES 0x0001
#define FLAG_LONG	   0x0002

/*
 * The form of records and of the two headers is the same in all of these; what
 * differs is here.  19 gave the flag for overwritten records another bit.
 */
static const WalVersion versions[] = {
	{0xD110, 15, 0x000F, 0x0008, 12}, {0xD113, 16, 0x000F, 0x0008, 12},
	{0xD116, 17, 0x000F, 0x0008, 12}, {0xD118, 18, 0x000F, 0x0008, 16},
	{0xD122, 19, 0x0007, 0x0004, 16},
};

const WalVersion *
wal_version(uint16_t magic)
{
	for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++)
	{
		if (versions[i].magic == magic)
			return &versions[i];
	}
	return NULL;
}

bool
wal_segment_size_is_valid(uint64_t size)
{
	return size >= WAL_SEGMENT_SIZE_MIN && size <= WAL_SEGMENT_SIZE_MAX && (size & (size - 1)) == 0;
}

bool
page_header_read(const uint8_t page[WAL_PAGE_SIZE], PageHeader *header)
{
	uint16_t flags = bytes_u16(page + 2);

	memset(header, 0, sizeof(*header));
	header->magic = bytes_u16(page);
	header->version = wal_version(header->magic);
	if (header->version == NULL)
		return false;
	header->timeline = bytes_u32(page + 4);
	header->address = bytes_u64(page + 8);
	header->rest = bytes_u32(page + 16);
	header->continues = (flags & FLAG_CONTINUES) != 0;
	header->overwrites = (flags & header->version->page_overwrites) != 0;
	header->is_long = (flags & FLAG_LONG) != 0;
	header->size = header->is_long ? PAGE_HEADER_LONG : PAGE_HEADER_SHORT;
	if (header->is_long)
	{
		header->system = bytes_u64(page + 24);
		header->segment_size = bytes_u32(page + 32);
		header->page_size = bytes_u32(page + 36);
	}
	return (flags & ~header->version->page_flags) == 0;
}
