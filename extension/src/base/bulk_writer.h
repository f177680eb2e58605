/*-------------------------------------------------------------------------
 *
 * bulk_writer.h
 *	  The bulk writer of PostgreSQL 17, for 15 and 16 too.
 *
 *-------------------------------------------------------------------------
 */
#ifndef POC_BASE_BULK_WRITER_H
#define POC_BASE_BULK_WRITER_H

#include "base/compat.h"

#ifdef POC_BULK_WRITER

#include "storage/smgr.h"
#include "utils/rel.h"

typedef struct BulkWriteState BulkWriteState;
typedef PGAlignedBlock *BulkWriteBuffer;

extern BulkWriteState *smgr_bulk_start_rel(Relation rel, ForkNumber fork);
extern BulkWriteBuffer smgr_bulk_get_buf(BulkWriteState *state);
extern void smgr_bulk_write(BulkWriteState *state, BlockNumber block, BulkWriteBuffer buffer,
							bool page_std);
extern void smgr_bulk_finish(BulkWriteState *state);

#else
#include "storage/bulk_write.h"
#endif

#endif /* POC_BASE_BULK_WRITER_H */
