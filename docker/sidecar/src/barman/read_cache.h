/*
 * read_cache.h
 *
 * Answers of Barman's, from the cache while they are valid, and from one run of
 * Barman for all concurrent callers.
 */
#ifndef BARMAN_READ_CACHE_H
#define BARMAN_READ_CACHE_H

#include <stdbool.h>
#include <stdint.h>

#include "barman/read_target.h"
#include "barman/runner.h"
#include "base/answer.h"

/*
 * A caller that waits for an answer.  wait() is called before anybody can call
 * wake(), with the cache locked; wake(), called in another thread with the
 * cache locked, owns the reference it is given.
 */
typedef struct ReadWaiter
{
	struct ReadWaiter *next;
	void (*wait)(void *arg);
	void (*wake)(void *arg, Answer *answer);
	void *arg;
} ReadWaiter;

/* Makes an answer that is not cached; tests use their own. */
typedef Answer *(*ReadExecutor)(const ReadTarget *target, RunControl *control);

extern bool reads_start(int workers, ReadExecutor executor);

/* Ends the runs in flight; their waiters get status 503. */
extern void reads_stop(void);

/*
 * A reference to a fresh answer; or NULL, and the waiter will be woken with
 * one.  max_age_ms reduces the age that the kind allows.
 */
extern Answer *reads_get(const ReadTarget *target, int64_t max_age_ms, ReadWaiter *waiter);

/* The same for threads that may block. */
extern Answer *reads_wait(const ReadTarget *target, int64_t max_age_ms);

/* The last answer, however old, without asking Barman and without counting it; or NULL */
extern Answer *reads_last(const ReadTarget *target);

/* Is there an answer that reads_get() would give at once? */
extern bool reads_has(const ReadTarget *target);

/* Whether it is known where the server's files are; asks Barman if it is not.  For threads that may block. */
extern bool reads_learn_directories(const char *server);

/*
 * Expire all reads of this server (NULL: of all), except the list of servers,
 * their directories, and Barman's version.
 */
extern void reads_invalidate(const char *server);

typedef struct ReadCounters
{
	uint64_t hits;
	uint64_t joined;
	uint64_t runs;
} ReadCounters;

extern ReadCounters reads_counters(void);

#endif /* BARMAN_READ_CACHE_H */
