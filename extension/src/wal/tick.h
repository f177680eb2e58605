/*-------------------------------------------------------------------------
 *
 * tick.h
 *	  The tick: a small WAL record in an otherwise idle segment.
 *
 *-------------------------------------------------------------------------
 */
#ifndef POC_WAL_TICK_H
#define POC_WAL_TICK_H

#include "access/xlogdefs.h"

/* Prefix of our logical messages, by which logical decoding can recognize them. */
#define POC_WAL_PREFIX "poc_barman"

extern XLogRecPtr poc_wal_tick(void);
extern void poc_wal_require_primary(void);

#endif /* POC_WAL_TICK_H */
