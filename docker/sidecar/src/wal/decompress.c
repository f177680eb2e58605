/*
 * decompress.c
 *
 * Decompresses by zlib, libbz2, liblzma, libzstd and liblz4.  Knows nothing of
 * what is compressed; uses a bounded amount of memory, whatever a stream says.
 */
#include "wal/decompress.h"

#include <bzlib.h>
#include <lz4frame.h>
#include <lzma.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#include "base/memory.h"

/* xz -9 needs 65 MB; zstd without --long at most 8 MB, with --ultra -22 128 MB */
#define XZ_MEMORY_MAX		(UINT64_C(128) * 1024 * 1024)
#define ZSTD_WINDOW_LOG_MAX 27

struct Decompressor
{
	Compression compression;
	bool ended; /* the stream, so that the next step begins another */
	union
	{
		z_stream gzip;
		bz_stream bzip2;
		lzma_stream xz;
		ZSTD_DStream *zstd;
		LZ4F_dctx *lz4;
	};
};

/* The bytes moved are those by which the counts shrink */
typedef DecompressStep (*StepFunction)(Decompressor *decompressor, const uint8_t *in,
									   size_t *in_left, uint8_t *out, size_t *out_left);

static bool begin_stream(Decompressor *decompressor);
static void end_stream(Decompressor *decompressor);
static DecompressStep step_gzip(Decompressor *decompressor, const uint8_t *in, size_t *in_left,
								uint8_t *out, size_t *out_left);
static DecompressStep step_bzip2(Decompressor *decompressor, const uint8_t *in, size_t *in_left,
								 uint8_t *out, size_t *out_left);
static DecompressStep step_xz(Decompressor *decompressor, const uint8_t *in, size_t *in_left,
							  uint8_t *out, size_t *out_left);
static DecompressStep step_zstd(Decompressor *decompressor, const uint8_t *in, size_t *in_left,
								uint8_t *out, size_t *out_left);
static DecompressStep step_lz4(Decompressor *decompressor, const uint8_t *in, size_t *in_left,
							   uint8_t *out, size_t *out_left);

static const struct
{
	const char *name;
	const char *magic;
	size_t magic_length;
	StepFunction step;
} compressions[] = {
	[COMPRESSION_NONE] = {"none", NULL, 0, NULL},
	[COMPRESSION_GZIP] = {"gzip", "\x1f\x8b\x08", 3, step_gzip},
	[COMPRESSION_BZIP2] = {"bzip2", "BZh", 3, step_bzip2},
	[COMPRESSION_XZ] = {"xz",
						"\xfd"
						"7zXZ\0",
						6, step_xz},
	[COMPRESSION_ZSTD] = {"zstd", "\x28\xb5\x2f\xfd", 4, step_zstd},
	[COMPRESSION_LZ4] = {"lz4", "\x04\x22\x4d\x18", 4, step_lz4},
};

#define COMPRESSION_COUNT ((int) (sizeof(compressions) / sizeof(compressions[0])))

Compression
compression_of(const uint8_t *bytes, size_t length)
{
	for (int i = COMPRESSION_NONE + 1; i < COMPRESSION_COUNT; i++)
	{
		if (length >= compressions[i].magic_length &&
			memcmp(bytes, compressions[i].magic, compressions[i].magic_length) == 0)
			return (Compression) i;
	}
	return COMPRESSION_NONE;
}

const char *
compression_name(Compression compression)
{
	return compressions[compression].name;
}

Decompressor *
decompressor_new(Compression compression)
{
	Decompressor *decompressor = mem_alloc(sizeof(*decompressor));

	decompressor->compression = compression;
	if (begin_stream(decompressor))
		return decompressor;
	free(decompressor);
	return NULL;
}

void
decompressor_free(Decompressor *decompressor)
{
	if (decompressor == NULL)
		return;
	end_stream(decompressor);
	free(decompressor);
}

DecompressStep
decompressor_step(Decompressor *decompressor, const uint8_t **in, size_t *in_left, uint8_t **out,
				  size_t *out_left)
{
	size_t in_before = *in_left;
	size_t out_before = *out_left;
	DecompressStep step;

	if (decompressor->ended)
	{
		end_stream(decompressor);
		if (!begin_stream(decompressor))
			return DECOMPRESS_BAD;
	}
	step = compressions[decompressor->compression].step(decompressor, *in, in_left, *out, out_left);
	decompressor->ended = step == DECOMPRESS_STREAM_END;
	*in += in_before - *in_left;
	*out += out_before - *out_left;
	return step;
}

static bool
begin_stream(Decompressor *decompressor)
{
	decompressor->ended = false;
	switch (decompressor->compression)
	{
		case COMPRESSION_GZIP:
			memset(&decompressor->gzip, 0, sizeof(decompressor->gzip));
			return inflateInit2(&decompressor->gzip, 16 + MAX_WBITS) == Z_OK;
		case COMPRESSION_BZIP2:
			memset(&decompressor->bzip2, 0, sizeof(decompressor->bzip2));
			return BZ2_bzDecompressInit(&decompressor->bzip2, 0, 0) == BZ_OK;
		case COMPRESSION_XZ:
			decompressor->xz = (lzma_stream) LZMA_STREAM_INIT;
			return lzma_stream_decoder(&decompressor->xz, XZ_MEMORY_MAX, 0) == LZMA_OK;
		case COMPRESSION_ZSTD:
			decompressor->zstd = ZSTD_createDStream();
			return decompressor->zstd != NULL &&
				   !ZSTD_isError(ZSTD_DCtx_setParameter(decompressor->zstd, ZSTD_d_windowLogMax,
														ZSTD_WINDOW_LOG_MAX));
		case COMPRESSION_LZ4:
			return !LZ4F_isError(LZ4F_createDecompressionContext(&decompressor->lz4, LZ4F_VERSION));
		default:
			return false;
	}
}

static void
end_stream(Decompressor *decompressor)
{
	switch (decompressor->compression)
	{
		case COMPRESSION_GZIP:
			inflateEnd(&decompressor->gzip);
			break;
		case COMPRESSION_BZIP2:
			BZ2_bzDecompressEnd(&decompressor->bzip2);
			break;
		case COMPRESSION_XZ:
			lzma_end(&decompressor->xz);
			break;
		case COMPRESSION_ZSTD:
			ZSTD_freeDStream(decompressor->zstd);
			break;
		case COMPRESSION_LZ4:
			LZ4F_freeDecompressionContext(decompressor->lz4);
			break;
		default:
			break;
	}
}

static DecompressStep
step_gzip(Decompressor *decompressor, const uint8_t *in, size_t *in_left, uint8_t *out,
		  size_t *out_left)
{
	z_stream *stream = &decompressor->gzip;
	int result;

	stream->next_in = (Bytef *) (uintptr_t) in; /* zlib's interface knows no const */
	stream->avail_in = (uInt) *in_left;
	stream->next_out = out;
	stream->avail_out = (uInt) *out_left;
	result = inflate(stream, Z_NO_FLUSH);
	*in_left = stream->avail_in;
	*out_left = stream->avail_out;
	if (result == Z_STREAM_END)
		return DECOMPRESS_STREAM_END;
	return result == Z_OK || result == Z_BUF_ERROR ? DECOMPRESS_MORE : DECOMPRESS_BAD;
}

static DecompressStep
step_bzip2(Decompressor *decompressor, const uint8_t *in, size_t *in_left, uint8_t *out,
		   size_t *out_left)
{
	bz_stream *stream = &decompressor->bzip2;
	int result;

	stream->next_in = (char *) (uintptr_t) in;
	stream->avail_in = (unsigned int) *in_left;
	stream->next_out = (char *) out;
	stream->avail_out = (unsigned int) *out_left;
	result = BZ2_bzDecompress(stream);
	*in_left = stream->avail_in;
	*out_left = stream->avail_out;
	if (result == BZ_STREAM_END)
		return DECOMPRESS_STREAM_END;
	return result == BZ_OK ? DECOMPRESS_MORE : DECOMPRESS_BAD;
}

static DecompressStep
step_xz(Decompressor *decompressor, const uint8_t *in, size_t *in_left, uint8_t *out, size_t *out_left)
{
	lzma_stream *stream = &decompressor->xz;
	lzma_ret result;

	stream->next_in = in;
	stream->avail_in = *in_left;
	stream->next_out = out;
	stream->avail_out = *out_left;
	result = lzma_code(stream, LZMA_RUN);
	*in_left = stream->avail_in;
	*out_left = stream->avail_out;
	if (result == LZMA_STREAM_END)
		return DECOMPRESS_STREAM_END;
	return result == LZMA_OK || result == LZMA_BUF_ERROR ? DECOMPRESS_MORE : DECOMPRESS_BAD;
}

static DecompressStep
step_zstd(Decompressor *decompressor, const uint8_t *in, size_t *in_left, uint8_t *out,
		  size_t *out_left)
{
	ZSTD_inBuffer from = {in, *in_left, 0};
	ZSTD_outBuffer to = {out, *out_left, 0};
	size_t result = ZSTD_decompressStream(decompressor->zstd, &to, &from);

	*in_left -= from.pos;
	*out_left -= to.pos;
	if (ZSTD_isError(result))
		return DECOMPRESS_BAD;
	return result == 0 ? DECOMPRESS_STREAM_END : DECOMPRESS_MORE;
}

static DecompressStep
step_lz4(Decompressor *decompressor, const uint8_t *in, size_t *in_left, uint8_t *out,
		 size_t *out_left)
{
	size_t consumed = *in_left;
	size_t produced = *out_left;
	size_t result = LZ4F_decompress(decompressor->lz4, out, &produced, in, &consumed, NULL);

	if (LZ4F_isError(result))
		return DECOMPRESS_BAD;
	*in_left -= consumed;
	*out_left -= produced;
	return result == 0 ? DECOMPRESS_STREAM_END : DECOMPRESS_MORE;
}
