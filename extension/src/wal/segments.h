/*-------------------------------------------------------------------------
 *
 * segments.h
 *	  Closing a WAL segment.
 *
 *-------------------------------------------------------------------------
 */
#ifndef POC_WAL_SEGMENTS_H
#define POC_WAL_SEGMENTS_H

#include "access/xlogdefs.h"

extern XLogRecPtr poc_wal_switch(void);

#endif /* POC_WAL_SEGMENTS_H */
