/*
 * page_header.h
 *
 * What stands at the beginning of each page of WAL, and the versions of
 * PostgreSQL that it tells apart.
 */
#ifndef WAL_PAGE_HEADER_H
#define WAL_PAGE_HEADER_H

#include <stdbool.h>
#include <stdint.h>

/* Every package of PostgreSQL is built with this size; pages of another are refused. */
#define WAL_PAGE_SIZE 8192

#define WAL_SEGMENT_SIZE_MIN (1024 * 1024)
#define WAL_SEGMENT_SIZE_MAX (1024 * 1024 * 1024)

/* With padding, to a multiple of eight */
#define PAGE_HEADER_SHORT 24
#define PAGE_HEADER_LONG  40

/* A major version of PostgreSQL, by the magic number of its pages */
typedef struct WalVersion
{
	uint16_t magic;
	int major;
	uint16_t page_flags;	  /* those that exist */
	uint16_t page_overwrites; /* a record that was never finished ends before this page */
	int stats_item_size;	  /* of a dropped entry of statistics in a COMMIT */
} WalVersion;

typedef struct PageHeader
{
	const WalVersion *version; /* NULL: not known, nothing else is set but magic */
	uint16_t magic;
	uint32_t timeline;
	uint64_t address;
	bool continues; /* begins within a record, */
	uint32_t rest;	/* of which so many bytes are left */
	bool overwrites;
	bool is_long;
	int size;

	/* of a long header only */
	uint64_t system;
	uint32_t segment_size;
	uint32_t page_size;
} PageHeader;

extern const WalVersion *wal_version(uint16_t magic); /* NULL: unknown */
extern bool wal_segment_size_is_valid(uint64_t size);

/* True if its flags exist and its version is known; all else is the caller's to judge. */
extern bool page_header_read(const uint8_t page[WAL_PAGE_SIZE], PageHeader *header);

#endif /* WAL_PAGE_HEADER_H */
