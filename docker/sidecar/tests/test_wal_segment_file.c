/*
 * test_wal_segment_file.c
 *
 * Archived segments, whatever they are compressed by; and what is none.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <bzlib.h>
#include <cmocka.h>
#include <lz4frame.h>
#include <lzma.h>
#include <zlib.h>
#include <zstd.h>

#include "base/directory.h"
#include "wal_fixture.h"

/* More than what any of them makes of a segment that is mostly empty */
#define ROOM (2 * SEGMENT_SIZE)

static char directory[] = "/tmp/test_wal_segment_file.XXXXXX";
static uint8_t *segment;

static int
make_directory(void **state)
{
	(void) state;
	segment = read_segment(FIRST_PATH);
	return mkdtemp(directory) == NULL;
}

static int
remove_directory(void **state)
{
	(void) state;
	free(segment);
	return directory_remove(directory);
}

static const char *
path_of(const char *name)
{
	static char path[200];

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	return path;
}

static const char *
write_file(const uint8_t *bytes, size_t length)
{
	const char *path = path_of("file");
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, length, file), length);
	fclose(file);
	return path;
}

static size_t
compress_by(Compression compression, const uint8_t *bytes, size_t length, uint8_t *out)
{
	unsigned int bzip2_length = ROOM;
	size_t xz_length = 0;
	z_stream gzip = {.next_in = (Bytef *) (uintptr_t) bytes,
					 .avail_in = (uInt) length,
					 .next_out = out,
					 .avail_out = ROOM};

	switch (compression)
	{
		case COMPRESSION_GZIP:
			assert_int_equal(deflateInit2(&gzip, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY),
							 Z_OK);
			assert_int_equal(deflate(&gzip, Z_FINISH), Z_STREAM_END);
			deflateEnd(&gzip);
			return gzip.total_out;
		case COMPRESSION_BZIP2:
			assert_int_equal(BZ2_bzBuffToBuffCompress((char *) out, &bzip2_length,
													  (char *) (uintptr_t) bytes,
													  (unsigned int) length, 9, 0, 0),
							 BZ_OK);
			return bzip2_length;
		case COMPRESSION_XZ:
			assert_int_equal(lzma_easy_buffer_encode(6, LZMA_CHECK_CRC64, NULL, bytes, length, out,
													 &xz_length, ROOM),
							 LZMA_OK);
			return xz_length;
		case COMPRESSION_ZSTD:
			return ZSTD_compress(out, ROOM, bytes, length, 3);
		case COMPRESSION_LZ4:
			return LZ4F_compressFrame(out, ROOM, bytes, length, NULL);
		default:
			memcpy(out, bytes, length);
			return length;
	}
}

/* What is read of a file; -1: an error */
static long
read_file(const uint8_t *bytes, size_t length, size_t at_once, SegmentError *error)
{
	SegmentFile *file = segment_file_open(write_file(bytes, length), error);
	uint8_t *buffer = malloc(at_once);
	long sum = 0;
	long got = 0;

	while (file != NULL && (got = segment_file_read(file, buffer, at_once, error)) > 0)
	{
		assert_true(sum + got <= SEGMENT_SIZE);
		assert_memory_equal(buffer, segment + sum, (size_t) got);
		sum += got;
	}
	segment_file_close(file);
	free(buffer);
	return file != NULL && got == 0 ? sum : -1;
}

static void
each_compression_gives_the_segment(void **state)
{
	uint8_t *out = malloc(ROOM);
	SegmentError error;

	(void) state;
	for (Compression c = COMPRESSION_NONE; c <= COMPRESSION_LZ4; c++)
	{
		size_t length = compress_by(c, segment, SEGMENT_SIZE, out);

		if (read_file(out, length, SEGMENT_SIZE, &error) != SEGMENT_SIZE ||
			read_file(out, length, 8192, &error) != SEGMENT_SIZE ||
			read_file(out, length, 777777, &error) != SEGMENT_SIZE)
			fail_msg("%s: %s", compression_name(c), error.detail);
		assert_int_equal(compression_of(out, length), c);
	}
	free(out);
}

/* As programs write it that compress with several threads */
static void
streams_one_behind_the_other_are_one_segment(void **state)
{
	uint8_t *out = malloc(2 * ROOM);
	SegmentError error;

	(void) state;
	for (Compression c = COMPRESSION_NONE; c <= COMPRESSION_LZ4; c++)
	{
		size_t length = compress_by(c, segment, 300000, out);

		length += compress_by(c, segment + 300000, SEGMENT_SIZE - 300000, out + length);
		if (read_file(out, length, 65536, &error) != SEGMENT_SIZE)
			fail_msg("%s: %s", compression_name(c), error.detail);
	}
	free(out);
}

static void
a_cut_stream_is_an_error(void **state)
{
	uint8_t *out = malloc(ROOM);
	SegmentError error = {0};

	(void) state;
	for (Compression c = COMPRESSION_NONE; c <= COMPRESSION_LZ4; c++)
	{
		size_t length = compress_by(c, segment, SEGMENT_SIZE, out);

		for (int i = 0; i < 50; i++)
		{
			size_t part = i < 20   ? (size_t) i
						  : i < 40 ? length - (size_t) i + 19
								   : length * (size_t) (i - 39) / 12;

			if (read_file(out, part, 65536, &error) != -1)
				fail_msg("%s: %zu of %zu bytes", compression_name(c), part, length);
			assert_string_not_equal(error.detail, "");
		}
	}
	free(out);
}

static void
bytes_behind_the_segment_are_an_error(void **state)
{
	uint8_t *longer = calloc(1, SEGMENT_SIZE + WAL_PAGE_SIZE);
	uint8_t *out = malloc(ROOM);
	SegmentError error;

	(void) state;
	memcpy(longer, segment, SEGMENT_SIZE);
	for (Compression c = COMPRESSION_NONE; c <= COMPRESSION_LZ4; c++)
	{
		size_t length = compress_by(c, longer, SEGMENT_SIZE + WAL_PAGE_SIZE, out);

		assert_int_equal(read_file(out, length, SEGMENT_SIZE, &error), -1);
		assert_int_equal(error.refusal, SEGMENT_DAMAGED);
		length = compress_by(c, segment, SEGMENT_SIZE - WAL_PAGE_SIZE, out);
		assert_int_equal(read_file(out, length, SEGMENT_SIZE, &error), -1);
		assert_int_equal(error.refusal, SEGMENT_DAMAGED);
		length = compress_by(c, segment, SEGMENT_SIZE, out);
		memcpy(out + length, "garbage", 7);
		assert_int_equal(read_file(out, length + 7, SEGMENT_SIZE, &error), -1);
		assert_int_equal(error.refusal, SEGMENT_DAMAGED);
	}
	free(longer);
	free(out);
}

/* With a checksum they are detected, without one at least nothing else happens. */
static void
damage_is_survived(void **state)
{
	uint8_t *out = malloc(ROOM);
	uint8_t *buffer = malloc(SEGMENT_SIZE);
	SegmentError error;

	(void) state;
	for (Compression c = COMPRESSION_GZIP; c <= COMPRESSION_LZ4; c++)
	{
		size_t length = compress_by(c, segment, SEGMENT_SIZE, out);

		for (size_t i = 0; i < length; i += 1 + length / 100)
		{
			SegmentFile *file;

			out[i] ^= (uint8_t) (1 << i % 8);
			file = segment_file_open(write_file(out, length), &error);
			while (file != NULL && segment_file_read(file, buffer, SEGMENT_SIZE, &error) > 0)
				;
			segment_file_close(file);
			out[i] ^= (uint8_t) (1 << i % 8);
		}
	}
	free(out);
	free(buffer);
}

static void
what_is_unknown_is_named(void **state)
{
	SegmentError error;

	(void) state;
	assert_int_equal(read_file((const uint8_t *) "age-encryption.org/v1", 21, 10, &error), -1);
	assert_int_equal(error.refusal, SEGMENT_UNKNOWN);
	assert_non_null(strstr(error.detail, "61 67 65 2d 65 6e"));
	assert_int_equal(read_file((const uint8_t *) "", 0, 10, &error), -1);
	assert_int_equal(error.refusal, SEGMENT_DAMAGED);
	assert_int_equal(read_file((const uint8_t *) "\037\213", 2, 10, &error), -1);
	assert_int_equal(error.refusal, SEGMENT_DAMAGED);
}

static void
what_is_no_file_is_refused(void **state)
{
	SegmentError error;
	char target[200];

	(void) state;
	snprintf(target, sizeof(target), "%s", write_file(segment, SEGMENT_SIZE));
	assert_int_equal(symlink(target, path_of("link")), 0);
	assert_null(segment_file_open(path_of("link"), &error));
	assert_int_equal(error.refusal, SEGMENT_NO_FILE);
	assert_null(segment_file_open(directory, &error));
	assert_int_equal(error.refusal, SEGMENT_NO_FILE);
	assert_int_equal(mkfifo(path_of("fifo"), 0600), 0);
	assert_null(segment_file_open(path_of("fifo"), &error));
	assert_int_equal(error.refusal, SEGMENT_NO_FILE);
	assert_null(segment_file_open("/dev/zero", &error));
	assert_int_equal(error.refusal, SEGMENT_NO_FILE);
	assert_null(segment_file_open(path_of("missing"), &error));
	assert_int_equal(error.refusal, SEGMENT_UNREADABLE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_compression_gives_the_segment),
		cmocka_unit_test(streams_one_behind_the_other_are_one_segment),
		cmocka_unit_test(a_cut_stream_is_an_error),
		cmocka_unit_test(bytes_behind_the_segment_are_an_error),
		cmocka_unit_test(damage_is_survived),
		cmocka_unit_test(what_is_unknown_is_named),
		cmocka_unit_test(what_is_no_file_is_refused),
	};

	return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
