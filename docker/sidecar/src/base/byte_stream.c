/*
 * byte_stream.c
 *
 * A ring of bytes between two threads.
 */
#include "base/byte_stream.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/timestamp.h"

struct ByteStream
{
	pthread_mutex_t lock;
	pthread_cond_t room;
	char *bytes;
	size_t capacity;
	size_t start;
	size_t length;
	bool ended;
	bool writer_gone;
	bool reader_gone;
	void (*wake)(void *arg); /* of a reader that sleeps, or NULL */
	void *arg;
};

static size_t put(ByteStream *stream, const char *bytes, size_t length);
static void wake_reader(ByteStream *stream);
static void release(ByteStream *stream, bool *gone);

ByteStream *
byte_stream_new(size_t capacity)
{
	ByteStream *stream = mem_alloc(sizeof(ByteStream));

	pthread_mutex_init(&stream->lock, NULL);
	monotonic_cond_init(&stream->room);
	stream->bytes = mem_alloc(capacity);
	stream->capacity = capacity;
	return stream;
}

size_t
byte_stream_write(ByteStream *stream, const char *bytes, size_t length, long wait_ms)
{
	struct timespec until = monotonic_timespec(monotonic_ms() + wait_ms);
	bool in_time = true;
	size_t taken = 0;

	pthread_mutex_lock(&stream->lock);
	while (taken < length && in_time && !stream->reader_gone)
	{
		size_t done = put(stream, bytes + taken, length - taken);

		taken += done;
		if (done > 0)
			wake_reader(stream);
		else
			in_time = pthread_cond_timedwait(&stream->room, &stream->lock, &until) == 0;
	}
	pthread_mutex_unlock(&stream->lock);
	return taken;
}

/* As many as there is room for */
static size_t
put(ByteStream *stream, const char *bytes, size_t length)
{
	size_t end = (stream->start + stream->length) % stream->capacity;
	size_t room = stream->capacity - stream->length;
	size_t first;

	if (length > room)
		length = room;
	first = length < stream->capacity - end ? length : stream->capacity - end;
	memcpy(stream->bytes + end, bytes, first);
	memcpy(stream->bytes, bytes + first, length - first);
	stream->length += length;
	return length;
}

/* The lock is held. */
static void
wake_reader(ByteStream *stream)
{
	void (*wake)(void *arg) = stream->wake;

	stream->wake = NULL;
	if (wake != NULL)
		wake(stream->arg);
}

void
byte_stream_end(ByteStream *stream)
{
	pthread_mutex_lock(&stream->lock);
	stream->ended = true;
	wake_reader(stream);
	pthread_mutex_unlock(&stream->lock);
}

long
byte_stream_read(ByteStream *stream, char *bytes, size_t size, void (*sleep)(void *arg),
				 void (*wake)(void *arg), void *arg)
{
	size_t first;
	long result;

	pthread_mutex_lock(&stream->lock);
	if (size > stream->length)
		size = stream->length;
	if (size > 0)
	{
		first = size < stream->capacity - stream->start ? size : stream->capacity - stream->start;
		memcpy(bytes, stream->bytes + stream->start, first);
		memcpy(bytes + first, stream->bytes, size - first);
		stream->start = (stream->start + size) % stream->capacity;
		stream->length -= size;
		pthread_cond_signal(&stream->room);
		result = (long) size;
	}
	else if (stream->ended)
		result = BYTE_STREAM_ENDED;
	else if (stream->writer_gone)
		result = BYTE_STREAM_BROKEN;
	else
	{
		sleep(arg);
		stream->wake = wake;
		stream->arg = arg;
		result = BYTE_STREAM_SLEEPS;
	}
	pthread_mutex_unlock(&stream->lock);
	return result;
}

bool
byte_stream_is_abandoned(ByteStream *stream)
{
	bool gone;

	pthread_mutex_lock(&stream->lock);
	gone = stream->reader_gone;
	pthread_mutex_unlock(&stream->lock);
	return gone;
}

void
byte_stream_writer_release(ByteStream *stream)
{
	release(stream, &stream->writer_gone);
}

void
byte_stream_reader_release(ByteStream *stream)
{
	release(stream, &stream->reader_gone);
}

static void
release(ByteStream *stream, bool *gone)
{
	bool last;

	pthread_mutex_lock(&stream->lock);
	*gone = true;
	if (stream->reader_gone)
		pthread_cond_signal(&stream->room);
	else
		wake_reader(stream);
	last = stream->writer_gone && stream->reader_gone;
	pthread_mutex_unlock(&stream->lock);
	if (!last)
		return;
	pthread_cond_destroy(&stream->room);
	pthread_mutex_destroy(&stream->lock);
	free(stream->bytes);
	free(stream);
}
