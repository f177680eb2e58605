/*
 * operations.h
 *
 * What a transaction has done to relations as a whole.
 */
#ifndef WAL_OPERATIONS_H
#define WAL_OPERATIONS_H

#include "wal/operation_list.h"

/* What is dropped, truncated and rewritten; items are malloc'd. */
extern void operations_find(const Ended *ended, Operations *operations);

#endif /* WAL_OPERATIONS_H */
