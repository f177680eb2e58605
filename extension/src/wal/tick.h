/*-------------------------------------------------------------------------
 *
 * tick.h
 *	  The tick: a byte in the segment that nobody writes to.
 *
 *-------------------------------------------------------------------------
 */
#ifndef POC_WAL_TICK_H
#define POC_WAL_TICK_H

#include "access/xlogdefs.h"

/* The prefix of our logical messages: logical decoding can tell them by it. */
#define POC_WAL_PREFIX "poc_barman"

extern XLogRecPtr poc_wal_tick(void);
extern void poc_wal_require_primary(void);

#endif							/* POC_WAL_TICK_H */
