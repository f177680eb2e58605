/*
 * operation_list.h
 *
 * A list of operations, and what operations.c and truncations.c find them in.
 */
#ifndef WAL_OPERATION_LIST_H
#define WAL_OPERATION_LIST_H

#include "wal/changes_state.h"
#include "wal/relation_set.h"

/* What has happened to a relation as a whole */
typedef struct Operation
{
	unsigned int kinds;
	uint32_t database;
	uint32_t relation;
	uint32_t filenode;
	uint32_t new_filenode;
	uint32_t tablespace;
	bool has_no_file; /* of a drop */
} Operation;

typedef struct Operations
{
	Operation *items;
	size_t count;
	size_t room;
} Operations;

/* Of one transaction.  The sets hold keys of relation_key(). */
typedef struct Evidence
{
	const Ended *ended;
	Operations *operations;
	RelationSet created;	 /* files that it has made */
	RelationSet removed;	 /* files that go with its COMMIT */
	RelationSet dropped;	 /* OIDs whose statistics go */
	RelationSet locked;		 /* OIDs */
	RelationSet invalidated; /* OIDs, if it has made files */
	RelationSet rewritten;	 /* OIDs */
	RelationSet truncated;	 /* OIDs */
	bool has_unknown_file;	 /* among the removed: one whose relation has another number */
	bool is_disorderly; /* a file has been replaced twice, so that what is left is in no order */
} Evidence;

/* A new operation, valid until the next is added */
extern Operation *operations_add(Operations *operations, unsigned int kinds, uint32_t database,
								 uint32_t relation);

#endif /* WAL_OPERATION_LIST_H */
