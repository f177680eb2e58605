/*-------------------------------------------------------------------------
 *
 * segments.h
 *	  Writing and switching WAL.
 *
 *-------------------------------------------------------------------------
 */
#ifndef POC_WAL_H
#define POC_WAL_H

#include "access/xlogdefs.h"

extern XLogRecPtr poc_wal_tick(void);
extern XLogRecPtr poc_wal_switch(void);

#endif							/* POC_WAL_H */
