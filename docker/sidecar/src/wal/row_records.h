/*
 * row_records.h
 *
 * Records of heaps.
 */
#ifndef WAL_ROW_RECORDS_H
#define WAL_ROW_RECORDS_H

#include "wal/changes_state.h"

/* Counts the rows of a heap's record, whose parts are known.  False: it has failed. */
extern bool row_record(Changes *changes, FlightTransaction *transaction, const WalRecord *record);

/* A row of pg_class tells the name of a file that the transaction has made. */
extern void class_record(Changes *changes, const FlightTransaction *transaction,
						 const WalRecord *record);

#endif /* WAL_ROW_RECORDS_H */
