/*
 * segment_file.c
 *
 * Opens and reads an archived segment.  Follows no link, starts no program, and
 * needs the same memory for segments of all sizes.
 */
#include "wal/segment_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "wal/page_header.h"

#define INPUT_SIZE 65536

/* As long as the longest magic number */
#define MAGIC_SIZE 6

struct SegmentFile
{
	int file;
	Compression compression;
	Decompressor *decompressor; /* NULL: plain */
	uint64_t size;				/* of the segment, by its first page; 0: not known */
	uint64_t given;				/* so many bytes of it have been read */
	bool stream_ended;
	uint8_t input[INPUT_SIZE];
	size_t input_at;
	size_t input_length;
};

static bool refuse(SegmentError *error, SegmentRefusal refusal, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
static bool look_at_file(int file, SegmentError *error);
static bool recognize(SegmentFile *file, SegmentError *error);
static bool fill_input(SegmentFile *file, SegmentError *error);
static long read_plain(SegmentFile *file, uint8_t *buffer, size_t size, SegmentError *error);
static long read_compressed(SegmentFile *file, uint8_t *buffer, size_t size, SegmentError *error);
static bool check_size(SegmentFile *file, const uint8_t *buffer, size_t got, size_t size,
					   SegmentError *error);

SegmentFile *
segment_file_open(const char *path, SegmentError *error)
{
	/* a FIFO would wait for its writer */
	int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	SegmentFile *file;

	if (descriptor < 0)
	{
		if (errno == ELOOP)
			refuse(error, SEGMENT_NO_FILE, "it is a symbolic link");
		else
			refuse(error, SEGMENT_UNREADABLE, "it cannot be opened: %s", strerror(errno));
		return NULL;
	}
	if (!look_at_file(descriptor, error))
	{
		close(descriptor);
		return NULL;
	}
	file = mem_alloc(sizeof(*file));
	file->file = descriptor;
	if (!fill_input(file, error) || !recognize(file, error))
	{
		segment_file_close(file);
		return NULL;
	}
	return file;
}

void
segment_file_close(SegmentFile *file)
{
	if (file == NULL)
		return;
	decompressor_free(file->decompressor);
	close(file->file);
	free(file);
}

Compression
segment_file_compression(const SegmentFile *file)
{
	return file->compression;
}

long
segment_file_read(SegmentFile *file, uint8_t *buffer, size_t size, SegmentError *error)
{
	size_t got = 0;

	while (got < size)
	{
		long more = file->decompressor == NULL
						? read_plain(file, buffer + got, size - got, error)
						: read_compressed(file, buffer + got, size - got, error);

		if (more < 0)
			return -1;
		if (more == 0)
			break;
		got += (size_t) more;
	}
	return check_size(file, buffer, got, size, error) ? (long) got : -1;
}

static bool
look_at_file(int file, SegmentError *error)
{
	struct stat status;

	if (fstat(file, &status) != 0)
		return refuse(error, SEGMENT_UNREADABLE, "it cannot be examined: %s", strerror(errno));
	if (!S_ISREG(status.st_mode))
		return refuse(error, SEGMENT_NO_FILE, "it is no regular file");
	return true;
}

/* A page of WAL begins with 0xD1xx, and a segment that is only just created with zeroes. */
static bool
recognize(SegmentFile *file, SegmentError *error)
{
	static const uint8_t zeroes[MAGIC_SIZE];
	const uint8_t *magic = file->input;
	char hex[3 * MAGIC_SIZE + 1] = "";

	if (file->input_length < MAGIC_SIZE)
		return refuse(error, SEGMENT_DAMAGED, "it has %zu bytes", file->input_length);
	file->compression = compression_of(magic, file->input_length);
	if (file->compression != COMPRESSION_NONE)
	{
		file->decompressor = decompressor_new(file->compression);
		return file->decompressor != NULL ||
			   refuse(error, SEGMENT_UNREADABLE, "no decompression of %s can be started",
					  compression_name(file->compression));
	}
	if (magic[1] == 0xD1 || memcmp(magic, zeroes, MAGIC_SIZE) == 0)
		return true;
	for (int i = 0; i < MAGIC_SIZE; i++)
		snprintf(hex + 3 * i, 4, " %02x", magic[i]);
	return refuse(error, SEGMENT_UNKNOWN,
				  "it begins with the bytes%s: this is neither WAL nor gzip, bzip2, xz, zstd or LZ4",
				  hex);
}

/* At the end of the file, leaves the input empty. */
static bool
fill_input(SegmentFile *file, SegmentError *error)
{
	file->input_at = 0;
	file->input_length = 0;
	while (file->input_length < INPUT_SIZE)
	{
		ssize_t got = read(file->file, file->input + file->input_length,
						   INPUT_SIZE - file->input_length);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return refuse(error, SEGMENT_UNREADABLE, "it cannot be read: %s", strerror(errno));
		if (got == 0)
			break;
		file->input_length += (size_t) got;
	}
	return true;
}

static long
read_plain(SegmentFile *file, uint8_t *buffer, size_t size, SegmentError *error)
{
	size_t left;

	if (file->input_at == file->input_length && !fill_input(file, error))
		return -1;
	left = file->input_length - file->input_at;
	if (left > size)
		left = size;
	memcpy(buffer, file->input + file->input_at, left);
	file->input_at += left;
	return (long) left;
}

static long
read_compressed(SegmentFile *file, uint8_t *buffer, size_t size, SegmentError *error)
{
	uint8_t *out = buffer;
	size_t out_left = size;

	while (out == buffer)
	{
		const uint8_t *in;
		size_t in_before;
		size_t in_left;
		DecompressStep step;

		if (file->input_at == file->input_length && !fill_input(file, error))
			return -1;
		in = file->input + file->input_at;
		in_left = in_before = file->input_length - file->input_at;
		if (in_left == 0 && file->stream_ended)
			return 0;
		step = decompressor_step(file->decompressor, &in, &in_left, &out, &out_left);
		file->stream_ended = step == DECOMPRESS_STREAM_END;
		/* where nothing moves, input is missing, and there is none */
		if (step == DECOMPRESS_BAD ||
			(step == DECOMPRESS_MORE && out == buffer && in_left == in_before))
		{
			refuse(error, SEGMENT_DAMAGED,
				   step == DECOMPRESS_BAD ? "what %s has compressed is damaged"
										  : "what %s has compressed is cut short",
				   compression_name(file->compression));
			return -1;
		}
		file->input_at = file->input_length - in_left;
	}
	return (long) (out - buffer);
}

/* The first page says how long the segment is. */
static bool
check_size(SegmentFile *file, const uint8_t *buffer, size_t got, size_t size, SegmentError *error)
{
	PageHeader header;
	uint64_t limit;

	if (file->given == 0 && got >= WAL_PAGE_SIZE && page_header_read(buffer, &header) &&
		header.is_long && wal_segment_size_is_valid(header.segment_size))
		file->size = header.segment_size;
	file->given += got;
	limit = file->size != 0 ? file->size : WAL_SEGMENT_SIZE_MAX;
	if (file->given > limit)
		return refuse(error, SEGMENT_DAMAGED, "it is longer than its segment, which has %llu bytes",
					  (unsigned long long) limit);
	/* the end, where the caller asks for more than there is, or for nothing */
	if (got < size &&
		(file->size != 0 ? file->given != file->size : !wal_segment_size_is_valid(file->given)))
		return refuse(error, SEGMENT_DAMAGED, "it ends after %llu bytes, and its segment has %llu",
					  (unsigned long long) file->given, (unsigned long long) file->size);
	return true;
}

/* Always false */
static bool
refuse(SegmentError *error, SegmentRefusal refusal, const char *format, ...)
{
	va_list args;

	error->refusal = refusal;
	va_start(args, format);
	vsnprintf(error->detail, sizeof(error->detail), format, args);
	va_end(args);
	return false;
}
