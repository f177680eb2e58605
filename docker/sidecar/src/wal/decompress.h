/*
 * decompress.h
 *
 * Streams that Barman's compressions make: one interface for five libraries.
 */
#ifndef WAL_DECOMPRESS_H
#define WAL_DECOMPRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum Compression
{
	COMPRESSION_NONE,
	COMPRESSION_GZIP,
	COMPRESSION_BZIP2,
	COMPRESSION_XZ,
	COMPRESSION_ZSTD,
	COMPRESSION_LZ4 /* its frames */
} Compression;

typedef enum DecompressStep
{
	DECOMPRESS_MORE,
	DECOMPRESS_STREAM_END, /* what follows, if anything, is another stream */
	DECOMPRESS_BAD
} DecompressStep;

typedef struct Decompressor Decompressor;

/* The compression whose magic number the bytes begin with; COMPRESSION_NONE: none of these */
extern Compression compression_of(const uint8_t *bytes, size_t length);
extern const char *compression_name(Compression compression);

/* NULL if the library gives none; COMPRESSION_NONE is not for it. */
extern Decompressor *decompressor_new(Compression compression);
extern void decompressor_free(Decompressor *decompressor);

/*
 * Consumes from *in and appends to *out, and moves both pointers and counts.
 * After the end of a stream, the next call begins another.
 */
extern DecompressStep decompressor_step(Decompressor *decompressor, const uint8_t **in,
										size_t *in_left, uint8_t **out, size_t *out_left);

#endif /* WAL_DECOMPRESS_H */
