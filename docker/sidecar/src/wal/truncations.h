/*
 * truncations.h
 *
 * Which tables of a transaction got a new and empty file.
 */
#ifndef WAL_TRUNCATIONS_H
#define WAL_TRUNCATIONS_H

#include "wal/operation_list.h"

/* After drops and rewrites have been found */
extern void truncations_find(Evidence *evidence);

#endif /* WAL_TRUNCATIONS_H */
