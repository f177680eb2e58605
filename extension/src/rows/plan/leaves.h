/*-------------------------------------------------------------------------
 *
 * leaves.h
 *	  The partitions that store rows, and what they ask for beyond their table.
 *
 *-------------------------------------------------------------------------
 */
#ifndef POC_ROWS_PLAN_LEAVES_H
#define POC_ROWS_PLAN_LEAVES_H

#include "rows/plan/parts.h"

extern List *rows_leaves(Relation rel);
extern bool rows_covers_everything(Relation rel);
extern bool rows_has_own_checks(Relation rel, Relation leaf);
extern List *rows_leaf_checks(RowsPlan *plan, Relation leaf);
extern void rows_read_leaves(RowsPlan *plan);

#endif /* POC_ROWS_PLAN_LEAVES_H */
