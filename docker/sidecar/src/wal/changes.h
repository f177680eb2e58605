/*
 * changes.h
 *
 * What each transaction did to each relation, from the records of WAL.
 *
 * WAL names files.  The OID of a relation is told only where one is dropped,
 * truncated or rewritten; otherwise the file's number leads to it, on a server
 * that has the relation.  Indexes, TOAST tables and sequences are relations,
 * too: that one is dropped or truncated is told, what it is nobody knows here.
 *
 * What is not in WAL: unlogged and temporary rows, the rows of what is dropped
 * or truncated, statements and users.  A row updated twice counts twice.
 */
#ifndef WAL_CHANGES_H
#define WAL_CHANGES_H

#include <stdbool.h>
#include <stdint.h>

#include "wal/change.h"
#include "wal/record_body.h"

typedef struct Changes Changes;

extern Changes *changes_new(const ChangesOptions *options);
extern void changes_free(Changes *changes);

/*
 * The next record, in the order of WAL.  False: changes_error() says why, and
 * nothing more can be added.
 */
extern bool changes_record(Changes *changes, const WalRecord *record);
extern const char *changes_error(const Changes *changes);

/* WAL is missing from here on: of the transactions that have begun, not all will be known. */
extern void changes_gap(Changes *changes);

/* How many transactions have begun and not ended */
extern uint32_t changes_in_flight(const Changes *changes);

#endif /* WAL_CHANGES_H */
