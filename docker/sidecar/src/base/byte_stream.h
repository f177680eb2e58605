/*
 * byte_stream.h
 *
 * Bytes on their way from one thread, which waits while there are too many of
 * them, to another, which must not wait.
 */
#ifndef BASE_BYTE_STREAM_H
#define BASE_BYTE_STREAM_H

#include <stdbool.h>
#include <stddef.h>

typedef struct ByteStream ByteStream;

/* What byte_stream_read() returns if it has read nothing */
typedef enum ByteStreamState
{
	BYTE_STREAM_ENDED = 0,
	BYTE_STREAM_BROKEN = -1, /* what was read so far is not all */
	BYTE_STREAM_SLEEPS = -2	 /* nothing is there yet */
} ByteStreamState;

/* Belongs to its writer and its reader; each releases it once. */
extern ByteStream *byte_stream_new(size_t capacity);

/*
 * For the writer.  Waits for room, at most that long, and returns how many
 * bytes it has taken.  A stream that is released before its end is broken.
 */
extern size_t byte_stream_write(ByteStream *stream, const char *bytes, size_t length, long wait_ms);
extern void byte_stream_end(ByteStream *stream);
extern void byte_stream_writer_release(ByteStream *stream);

/*
 * For the reader: the number of bytes, or a state.  When nothing is there,
 * calls sleep; and wake, in the writer's thread, as soon as there is something.
 * The stream is locked in both.
 */
extern long byte_stream_read(ByteStream *stream, char *bytes, size_t size, void (*sleep)(void *arg),
							 void (*wake)(void *arg), void *arg);
extern void byte_stream_reader_release(ByteStream *stream);

/* For the writer: has the reader gone? */
extern bool byte_stream_is_abandoned(ByteStream *stream);

#endif /* BASE_BYTE_STREAM_H */
