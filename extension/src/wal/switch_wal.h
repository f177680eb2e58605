/*-------------------------------------------------------------------------
 *
 * switch_wal.h
 *	  Closing a WAL segment.
 *
 *-------------------------------------------------------------------------
 */
#ifndef POC_WAL_SWITCH_WAL_H
#define POC_WAL_SWITCH_WAL_H

#include "access/xlogdefs.h"

extern XLogRecPtr poc_wal_switch(void);

#endif /* POC_WAL_SWITCH_WAL_H */
