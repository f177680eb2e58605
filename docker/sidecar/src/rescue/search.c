/*
 * search.c
 *
 * Adds up what one transaction did to the partitions of a table, decides which
 * kind of change that is, and keeps the newest that were asked for.
 */
#include "rescue/search.h"

#include <stdlib.h>

#include "base/memory.h"

struct Search
{
	SearchWishes wishes;
	KnownRelations *known;
	int64_t earliest; /* since somebody asked */

	/* the relations of one transaction, until another comes */
	FoundChange *pending;
	size_t pending_count;
	size_t pending_room;

	/* a ring, once it is full */
	FoundChange *found;
	size_t room;
	uint64_t total;
	uint64_t unknown;
	uint64_t unseen;
};

static void add(Search *search, const WalChange *change, const KnownRelation *relation);
static int by_relation(const void *left, const void *right);
static void flush(Search *search);
static int64_t plus(int64_t sum, int64_t count);
static bool is_wanted(const Search *search, FoundChange *change);
static void keep(Search *search, const FoundChange *change);

Search *
search_new(const SearchWishes *wishes, KnownRelations *known)
{
	Search *search = mem_alloc(sizeof(Search));

	search->wishes = *wishes;
	search->known = known;
	search->earliest = INT64_MAX;
	return search;
}

void
search_free(Search *search)
{
	if (search == NULL)
		return;
	known_relations_free(search->known);
	free(search->pending);
	free(search->found);
	free(search);
}

void
search_change(const WalChange *change, void *context)
{
	Search *search = context;
	const KnownRelation *relation;

	if (search->pending_count > 0 && search->pending[0].commit_lsn != change->commit_lsn)
		flush(search);
	if (search->earliest > change->committed)
		search->earliest = change->committed;
	if (change->kinds == 0)
	{
		/* at the beginning of an archive there always are some */
		search->unseen += search->wishes.since != INT64_MIN &&
						  change->committed >= search->wishes.since &&
						  change->committed <= search->wishes.until;
		return;
	}
	if (search->wishes.database != 0 && change->database != search->wishes.database)
		return;

	/* learn even from what nobody asked for: the file is the relation's later on */
	known_relations_learn(search->known, change->relation, change->filenode);
	known_relations_learn(search->known, change->relation, change->new_filenode);
	if (change->committed < search->wishes.since || change->committed > search->wishes.until)
		return;
	relation = known_relations_find(search->known, change->relation, change->filenode);
	/* of what has no file only those are told that somebody remembers: temporary tables are not */
	if (relation != NULL ? relation->is_part : change->has_no_file)
		return;
	if (relation == NULL && search->wishes.only_known)
	{
		if ((change->kinds & search->wishes.kinds) != 0)
			search->unknown++;
		return;
	}
	add(search, change, relation);
}

void
search_end(Search *search)
{
	flush(search);
}

size_t
search_count(const Search *search)
{
	return search->total < search->wishes.most ? (size_t) search->total : search->wishes.most;
}

const FoundChange *
search_result(const Search *search, size_t i)
{
	uint64_t first = search->total > search->wishes.most ? search->total % search->wishes.most : 0;

	return &search->found[(first + i) % search->wishes.most];
}

uint64_t
search_omitted(const Search *search)
{
	return search->total - search_count(search);
}

uint64_t
search_unknown(const Search *search)
{
	return search->unknown;
}

uint64_t
search_unseen(const Search *search)
{
	return search->unseen;
}

int64_t
search_earliest(Search *search)
{
	int64_t earliest = search->earliest;

	search->earliest = INT64_MAX;
	return earliest;
}

/*
 * The rows of what is dropped, truncated or rewritten are not in WAL, and of a
 * transaction that was not read as a whole the counts are too low.
 */
static void
add(Search *search, const WalChange *change, const KnownRelation *relation)
{
	bool is_told = change->is_whole && (change->kinds & CHANGE_REWRITE) == 0;
	bool rows_stay = (change->kinds & (CHANGE_DROP | CHANGE_TRUNCATE)) == 0;
	uint32_t oid = relation != NULL ? relation->root : change->relation;

	if (search->pending_count == search->pending_room)
	{
		search->pending_room = search->pending_room > 0 ? search->pending_room * 2 : 16;
		search->pending = mem_realloc(search->pending, search->pending_room * sizeof(FoundChange));
	}
	search->pending[search->pending_count++] = (FoundChange){.kinds = change->kinds,
															 .relation = oid,
															 .filenode = oid == 0 ? change->filenode
																				  : 0,
															 .xid = change->xid,
															 .begin_lsn = change->begin_lsn,
															 .commit_lsn = change->commit_lsn,
															 .committed = change->committed,
															 .inserted = is_told ? change->inserted
																				 : -1,
															 .updated = is_told
																			? plus(change->updated,
																				   change->moved_out)
																			: -1,
															 .deleted = is_told && rows_stay
																			? change->deleted
																			: -1};
}

static int
by_relation(const void *left, const void *right)
{
	const FoundChange *a = left;
	const FoundChange *b = right;

	if (a->relation != b->relation)
		return a->relation < b->relation ? -1 : 1;
	return (a->filenode > b->filenode) - (a->filenode < b->filenode);
}

/* Adds up what belongs to one table, and keeps what is wanted. */
static void
flush(Search *search)
{
	size_t next;

	if (search->pending_count > 1)
		qsort(search->pending, search->pending_count, sizeof(FoundChange), by_relation);
	for (size_t i = 0; i < search->pending_count; i = next)
	{
		FoundChange *sum = &search->pending[i];

		for (next = i + 1;
			 next < search->pending_count && by_relation(sum, &search->pending[next]) == 0; next++)
		{
			const FoundChange *more = &search->pending[next];

			sum->kinds |= more->kinds;
			sum->inserted = plus(sum->inserted, more->inserted);
			sum->updated = plus(sum->updated, more->updated);
			sum->deleted = plus(sum->deleted, more->deleted);
		}
		if (is_wanted(search, sum))
			keep(search, sum);
	}
	search->pending_count = 0;
}

static int64_t
plus(int64_t sum, int64_t count)
{
	return sum < 0 || count < 0 ? -1 : sum + count;
}

/* Of several kinds, the one that took the most is reported. */
static bool
is_wanted(const Search *search, FoundChange *change)
{
	static const ChangeKind order[] = {CHANGE_DROP, CHANGE_TRUNCATE, CHANGE_REWRITE, CHANGE_DELETE,
									   CHANGE_UPDATE};
	const unsigned int structure = CHANGE_DROP | CHANGE_TRUNCATE | CHANGE_REWRITE;
	unsigned int wanted = change->kinds & search->wishes.kinds;

	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++)
	{
		if ((wanted & order[i]) != 0)
		{
			change->kind = order[i];
			break;
		}
	}
	if (wanted == 0)
		return false;
	return (wanted & structure) != 0 || change->updated < 0 || change->deleted < 0 ||
		   change->updated + change->deleted >= search->wishes.min_rows;
}

static void
keep(Search *search, const FoundChange *change)
{
	size_t place = (size_t) (search->total % search->wishes.most);

	if (place == search->room && search->room < search->wishes.most)
	{
		search->room = search->room > 0 ? search->room * 2 : 64;
		if (search->room > search->wishes.most)
			search->room = search->wishes.most;
		search->found = mem_realloc(search->found, search->room * sizeof(FoundChange));
	}
	search->found[place] = *change;
	search->total++;
}
