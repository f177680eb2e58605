/*
 * page_check.h
 *
 * Is a page the one that follows?
 */
#ifndef WAL_PAGE_CHECK_H
#define WAL_PAGE_CHECK_H

#include "wal/reader_state.h"

/* Checks the header of the reader's page, and sets where in it the records go on; false: the WAL has ended. */
extern bool page_check(RecordReader *reader);

#endif /* WAL_PAGE_CHECK_H */
