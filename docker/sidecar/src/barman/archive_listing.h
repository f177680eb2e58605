/*
 * archive_listing.h
 *
 * The segments that the WAL archive of a server has, by their names.
 */
#ifndef BARMAN_ARCHIVE_LISTING_H
#define BARMAN_ARCHIVE_LISTING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The shortest text of a segment's name */
#define SEGMENT_NAME_SIZE 25

typedef struct ArchivedSegment
{
	uint32_t timeline;
	uint64_t number; /* its position divided by its size */
} ArchivedSegment;

/* Sorted by timeline and number */
typedef struct ArchiveListing
{
	char *path; /* of the archive */
	uint64_t segment_size;
	uint64_t per_log; /* segments per 4 GB */
	ArchivedSegment *segments;
	size_t count;
	size_t capacity;
} ArchiveListing;

/*
 * Lists the archive.  False, and nothing to free, if its directory is unknown
 * or unreadable.  May hang with the file system.
 */
extern bool archive_list(ArchiveListing *archive, const char *server, int64_t segment_size);
extern void archive_list_free(ArchiveListing *archive);

/* False for what is no segment of this size, such as a .partial or .backup file */
extern bool archive_segment_of_name(const ArchiveListing *archive, const char *name,
									ArchivedSegment *segment);
extern void archive_name_of_segment(const ArchiveListing *archive, const ArchivedSegment *segment,
									char name[SEGMENT_NAME_SIZE]);

extern bool archive_has(const ArchiveListing *archive, uint32_t timeline, uint64_t number);

/* malloc'd path of the file of a segment, whether or not it is there */
extern char *archive_path_of(const ArchiveListing *archive, const ArchivedSegment *segment);

/* When its file was modified, in microseconds; 0: unknown */
extern int64_t archive_time_of(const ArchiveListing *archive, const ArchivedSegment *segment);

#endif /* BARMAN_ARCHIVE_LISTING_H */
