/*
 * read_entries.h
 *
 * The entries of the cache of reads.
 */
#ifndef BARMAN_READ_ENTRIES_H
#define BARMAN_READ_ENTRIES_H

#include <stdbool.h>
#include <stdint.h>

#include "barman/read_target.h"
#include "base/answer.h"

typedef struct ReadEntry
{
	struct ReadEntry *next; /* all entries */
	struct ReadEntry *queued_next;
	ReadKind kind;
	char *server;
	char *argument;

	Answer *answer; /* NULL until the first run ends */
	uint64_t answer_generation;
	uint64_t answer_signature;

	bool queued;
	bool running;
	uint64_t run_generation;
	uint64_t run_signature;

	uint64_t generation; /* counts invalidations */
	int64_t used;
	struct ReadWaiter *waiters; /* of the queued or running run */
	struct ReadWaiter *later;	/* of the run after the running one */
} ReadEntry;

/* The caller of all of these holds the lock of the cache. */

/* The entry of a target, made on first use */
extern ReadEntry *read_entry_for(const ReadTarget *target);

/* The same, or NULL if there is none */
extern ReadEntry *read_entry_find(const ReadTarget *target);

/* All entries, linked by next */
extern ReadEntry *read_entries_all(void);

/* Takes one entry out of the list, for read_entry_free(); NULL: there are no more. */
extern ReadEntry *read_entries_take(void);
extern void read_entry_free(ReadEntry *entry);

#endif /* BARMAN_READ_ENTRIES_H */
