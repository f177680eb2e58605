/*
 * test_byte_stream.c
 *
 * Bytes between two threads: all of them in order, and whoever leaves first.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/byte_stream.h"
#include "base/timestamp.h"

#define CAPACITY 1000
#define BYTES	 1000003

static atomic_int sleeps;
static atomic_int wakes;

static void
sleeps_now(void *arg)
{
	(void) arg;
	atomic_fetch_add(&sleeps, 1);
}

static void
wakes_now(void *arg)
{
	(void) arg;
	atomic_fetch_add(&wakes, 1);
}

static char
byte_at(size_t n)
{
	return (char) (n * 31 % 251);
}

static void *
write_all(void *arg)
{
	ByteStream *stream = arg;
	char piece[777];
	size_t sent = 0;

	while (sent < BYTES)
	{
		size_t length = BYTES - sent < sizeof(piece) ? BYTES - sent : sizeof(piece);
		size_t done = 0;

		for (size_t i = 0; i < length; i++)
			piece[i] = byte_at(sent + i);
		while (done < length)
			done += byte_stream_write(stream, piece + done, length - done, 10000);
		sent += length;
	}
	byte_stream_end(stream);
	byte_stream_writer_release(stream);
	return NULL;
}

static void
all_bytes_arrive_in_order(void **state)
{
	ByteStream *stream = byte_stream_new(CAPACITY);
	pthread_t writer;
	char piece[300];
	size_t received = 0;
	long got;

	(void) state;
	assert_int_equal(pthread_create(&writer, NULL, write_all, stream), 0);
	while ((got = byte_stream_read(stream, piece, sizeof(piece), sleeps_now, wakes_now, NULL)) !=
		   BYTE_STREAM_ENDED)
	{
		assert_int_not_equal(got, BYTE_STREAM_BROKEN);
		for (long i = 0; i < got; i++)
			assert_int_equal(piece[i], byte_at(received + (size_t) i));
		if (got > 0)
			received += (size_t) got;
	}
	assert_int_equal(received, BYTES);
	pthread_join(writer, NULL);
	byte_stream_reader_release(stream);
}

static void
a_sleeper_is_woken_once(void **state)
{
	ByteStream *stream = byte_stream_new(CAPACITY);
	char piece[10];

	(void) state;
	atomic_store(&sleeps, 0);
	atomic_store(&wakes, 0);
	assert_int_equal(byte_stream_read(stream, piece, sizeof(piece), sleeps_now, wakes_now, NULL),
					 BYTE_STREAM_SLEEPS);
	assert_int_equal(atomic_load(&sleeps), 1);
	assert_int_equal(byte_stream_write(stream, "ab", 2, 0), 2);
	assert_int_equal(byte_stream_write(stream, "c", 1, 0), 1);
	assert_int_equal(atomic_load(&wakes), 1);
	assert_int_equal(byte_stream_read(stream, piece, sizeof(piece), sleeps_now, wakes_now, NULL), 3);
	assert_memory_equal(piece, "abc", 3);
	assert_int_equal(byte_stream_read(stream, piece, sizeof(piece), sleeps_now, wakes_now, NULL),
					 BYTE_STREAM_SLEEPS);
	byte_stream_end(stream);
	assert_int_equal(atomic_load(&wakes), 2);
	assert_int_equal(byte_stream_read(stream, piece, sizeof(piece), sleeps_now, wakes_now, NULL),
					 BYTE_STREAM_ENDED);
	byte_stream_writer_release(stream);
	byte_stream_reader_release(stream);
}

static void
without_its_end_it_is_broken(void **state)
{
	ByteStream *stream = byte_stream_new(CAPACITY);
	char piece[10];

	(void) state;
	atomic_store(&wakes, 0);
	assert_int_equal(byte_stream_write(stream, "ab", 2, 0), 2);
	byte_stream_writer_release(stream);
	assert_int_equal(byte_stream_read(stream, piece, sizeof(piece), sleeps_now, wakes_now, NULL), 2);
	assert_int_equal(byte_stream_read(stream, piece, sizeof(piece), sleeps_now, wakes_now, NULL),
					 BYTE_STREAM_BROKEN);
	byte_stream_reader_release(stream);
}

static void
a_writer_does_not_wait_for_ever(void **state)
{
	ByteStream *stream = byte_stream_new(2);
	int64_t began = monotonic_ms();

	(void) state;
	assert_int_equal(byte_stream_write(stream, "abc", 3, 50), 2);
	assert_true(monotonic_ms() - began >= 50);
	assert_false(byte_stream_is_abandoned(stream));
	byte_stream_reader_release(stream);
	assert_true(byte_stream_is_abandoned(stream));
	assert_int_equal(byte_stream_write(stream, "c", 1, 60000), 0);
	byte_stream_writer_release(stream);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_bytes_arrive_in_order),
		cmocka_unit_test(a_sleeper_is_woken_once),
		cmocka_unit_test(without_its_end_it_is_broken),
		cmocka_unit_test(a_writer_does_not_wait_for_ever),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
