/*
 * timestamp.h
 *
 * The two clocks: wall-clock microseconds to show, monotonic milliseconds for
 * deadlines.
 */
#ifndef BASE_TIMESTAMP_H
#define BASE_TIMESTAMP_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#define TIMESTAMP_LENGTH 40

extern int64_t timestamp_now(void);
extern int64_t monotonic_ms(void);

/* "2026-11-22T06:10:22.423819Z" */
extern void timestamp_format(int64_t microseconds, char buffer[TIMESTAMP_LENGTH]);

/* The inverse of timestamp_format(); the fraction may have fewer digits, or be absent: Barman's whole seconds have none. */
extern bool timestamp_parse(const char *text, int64_t *microseconds);

/* Initialize a condition whose timed waits end by the monotonic clock. */
extern void monotonic_cond_init(pthread_cond_t *condition);

/* Convert monotonic milliseconds for pthread_cond_timedwait() on such a condition. */
extern struct timespec monotonic_timespec(int64_t milliseconds);

#endif /* BASE_TIMESTAMP_H */
