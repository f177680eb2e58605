/*
 * change.h
 *
 * What one transaction did to one relation.
 */
#ifndef WAL_CHANGE_H
#define WAL_CHANGE_H

#include <stdbool.h>
#include <stdint.h>

/* The default limits of what is held of transactions that have not ended */
#define CHANGES_MAX_TRANSACTIONS 200000
#define CHANGES_MAX_ITEMS		 1000000

typedef enum ChangeKind
{
	CHANGE_DROP = 1, /* without a relation: of the whole database */
	CHANGE_TRUNCATE = 2,
	CHANGE_REWRITE = 4, /* the rows are in another file: VACUUM FULL, CLUSTER, some ALTER TABLE */
	CHANGE_DELETE = 8,
	CHANGE_UPDATE = 16,
	CHANGE_INSERT = 32,
	CHANGE_LAST = CHANGE_INSERT
} ChangeKind;

/* One transaction and one relation.  A count of -1 is not known. */
typedef struct WalChange
{
	unsigned int kinds;	   /* of ChangeKind, any number */
	uint32_t database;	   /* 0: a relation of all databases */
	uint32_t relation;	   /* OID; 0: not known */
	uint32_t filenode;	   /* before the transaction, or of the rows; 0: not known */
	uint32_t new_filenode; /* after a truncation or rewrite; 0: not known, or no other */
	uint32_t tablespace;   /* 0: not known */
	uint32_t xid;		   /* of the transaction, never of a subtransaction */
	bool is_prepared;	   /* PREPARE TRANSACTION and COMMIT PREPARED */
	const char *gid;	   /* of a prepared one, during the call; NULL: not known */
	uint64_t begin_lsn;	   /* its first record, of what was read */
	uint64_t commit_lsn;   /* where its COMMIT begins */
	uint64_t end_lsn;	   /* where its COMMIT ends */
	int64_t committed;	   /* microseconds since 1970 */
	int64_t inserted;
	int64_t updated;
	int64_t deleted;
	int64_t moved_in;  /* rows of other partitions, not among inserted */
	int64_t moved_out; /* not among deleted */
	bool has_no_file;  /* of a drop: a temporary relation, a partitioned one, a view */
	bool is_whole; /* all its records were read; else counts are the least, and none of them is 0 */
} WalChange;

/* In the order of COMMIT records */
typedef void (*ChangesCallback)(const WalChange *change, void *context);

typedef struct ChangesOptions
{
	ChangesCallback callback;
	void *context;
	bool fast;	   /* only what is dropped, truncated or rewritten; no count is known */
	bool catalogs; /* system catalogs, too */
	bool unseen;   /* also transactions of which only the end was read: with no kinds at all */
	uint32_t max_transactions; /* 0: the default */
	uint32_t max_items;		   /* relations, files and locks of all of them; 0: the default */
} ChangesOptions;

extern const char *change_kind_name(ChangeKind kind);

#endif /* WAL_CHANGE_H */
