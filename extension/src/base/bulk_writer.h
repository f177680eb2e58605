/*-------------------------------------------------------------------------
 *
 * bulk_writer.h
 *	  The bulk writer of PostgreSQL 17, for 15 and 16.
 *
 * Only compat.h may include this file.
 *
 *-------------------------------------------------------------------------
 */
#ifndef POC_BULK_WRITER_H
#define POC_BULK_WRITER_H

#include "storage/smgr.h"
#include "utils/rel.h"

typedef struct BulkWriteState BulkWriteState;
typedef PGAlignedBlock *BulkWriteBuffer;

extern BulkWriteState *smgr_bulk_start_rel(Relation rel, ForkNumber fork);
extern BulkWriteBuffer smgr_bulk_get_buf(BulkWriteState *state);
extern void smgr_bulk_write(BulkWriteState *state, BlockNumber block, BulkWriteBuffer buffer, bool page_std);
extern void smgr_bulk_finish(BulkWriteState *state);

#endif							/* POC_BULK_WRITER_H */
