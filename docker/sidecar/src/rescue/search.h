/*
 * search.h
 *
 * Picks what was asked for from what WAL tells of transactions.
 */
#ifndef RESCUE_SEARCH_H
#define RESCUE_SEARCH_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "rescue/known_relations.h"
#include "wal/changes.h"

/* What a caller wants to know, checked */
typedef struct SearchWishes
{
	unsigned int kinds; /* of ChangeKind */
	int64_t since;		/* of commits, in microseconds since 1970; INT64_MIN: from the beginning */
	int64_t until;		/* INT64_MAX: to the end */
	int64_t min_rows;	/* updated and deleted together */
	uint32_t database;	/* OID; 0: any */
	bool only_known;	/* only relations that are among those given */
	size_t most;		/* of what is found, the newest */
} SearchWishes;

/*
 * What a transaction did to a table and its partitions; a count of -1 is not
 * known.  A row that moved to another partition was updated.
 */
typedef struct FoundChange
{
	ChangeKind kind;
	unsigned int kinds;
	uint32_t relation; /* OID; 0: not known */
	uint32_t filenode; /* if the relation is not known */
	uint32_t xid;
	uint64_t begin_lsn;
	uint64_t commit_lsn;
	int64_t committed;
	int64_t inserted;
	int64_t updated;
	int64_t deleted;
} FoundChange;

typedef struct Search Search;

/* The relations are the search's from then on, which also learns from WAL. */
extern Search *search_new(const SearchWishes *wishes, KnownRelations *known);
extern void search_free(Search *search);

/* A ChangesCallback; context is the Search.  In the order of COMMIT records. */
extern void search_change(const WalChange *change, void *search);

/* Call at the end, before the results are asked for. */
extern void search_end(Search *search);

/* The newest of what was found, the oldest first */
extern size_t search_count(const Search *search);
extern const FoundChange *search_result(const Search *search, size_t i);

/* How many older ones were left out, and how many were of relations that nobody knows, left out by only_known */
extern uint64_t search_omitted(const Search *search);
extern uint64_t search_unknown(const Search *search);

/* How many transactions began before the WAL that was read, so that what they did is not known, if since was given */
extern uint64_t search_unseen(const Search *search);

/* The earliest commit since the last call, in microseconds since 1970; INT64_MAX: there was none */
extern int64_t search_earliest(Search *search);

#endif /* RESCUE_SEARCH_H */
