/*
 * transaction_end.h
 *
 * The end of a transaction.
 */
#ifndef WAL_TRANSACTION_END_H
#define WAL_TRANSACTION_END_H

#include "wal/changes_state.h"

/* Reports what a transaction has done, if it commits, and forgets it and its subtransactions. */
extern void transaction_ends(Changes *changes, const WalRecord *record, const CommitRecord *commit);

#endif /* WAL_TRANSACTION_END_H */
