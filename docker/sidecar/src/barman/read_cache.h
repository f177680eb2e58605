/*
 * read_cache.h
 *
 * What Barman says, from the cache while it is still true, and from one run
 * of Barman for all who ask at the same time.
 */
#ifndef BARMAN_READ_CACHE_H
#define BARMAN_READ_CACHE_H

#include <stdbool.h>
#include <stdint.h>

#include "barman/runner.h"
#include "base/answer.h"

typedef enum ReadKind
{
	READ_VERSION,
	READ_SERVERS,
	READ_BACKUPS,
	READ_BACKUP,				/* argument: backup id */
	READ_FILES,					/* argument: area */
	READ_DIRECTORIES,
	READ_DISKS,
	READ_CHECK,
	READ_STATUS,
	READ_REPLICATION,
	READ_DIAGNOSE
} ReadKind;

#define READ_KINDS (READ_DIAGNOSE + 1)

/* What is read; server and argument are "" where the kind has none. */
typedef struct ReadTarget
{
	ReadKind	kind;
	const char *server;
	const char *argument;
} ReadTarget;

/*
 * One who waits for an answer.  wait is called before anybody can wake it,
 * with the cache locked; wake, from another thread and with the cache locked,
 * owns the reference it is given.
 */
typedef struct ReadWaiter
{
	struct ReadWaiter *next;
	void		(*wait) (struct ReadWaiter *waiter);
	void		(*wake) (struct ReadWaiter *waiter, Answer *answer);
} ReadWaiter;

/* How an answer is made when it is not cached; tests bring their own. */
typedef Answer *(*ReadExecutor) (const ReadTarget *target, RunControl *control);

/* An answer as old as its kind allows */
#define READ_AGE_DEFAULT (-1)

extern bool reads_start(int workers, ReadExecutor executor);

/* Ends the runs in flight; those who wait are answered 503. */
extern void reads_stop(void);

/*
 * A reference to a fresh answer; or NULL, and the waiter will be woken with
 * one.  max_age_ms narrows the age the kind allows.
 */
extern Answer *reads_get(const ReadTarget *target, int64_t max_age_ms,
						 ReadWaiter *waiter);

/* The same for threads that may block. */
extern Answer *reads_wait(const ReadTarget *target, int64_t max_age_ms);

/*
 * Nothing read of this server before now is true any more (NULL: of any), but
 * which servers there are, where they keep their files, and Barman's version.
 */
extern void reads_invalidate(const char *server);

typedef struct ReadCounters
{
	uint64_t	hits;
	uint64_t	joined;
	uint64_t	runs;
} ReadCounters;

extern ReadCounters reads_counters(void);

#endif							/* BARMAN_READ_CACHE_H */
