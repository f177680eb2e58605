/*-------------------------------------------------------------------------
 *
 * target.h
 *	  Decides which tables may be filled, and by which path.
 *
 *-------------------------------------------------------------------------
 */
#ifndef POC_ROWS_PLAN_TARGET_H
#define POC_ROWS_PLAN_TARGET_H

#include "rows/plan/parts.h"

extern Relation rows_open_target(Oid relid, bool writing);
extern void rows_refuse_catalog(Relation rel);
extern void rows_choose_path(RowsPlan *plan);
extern bool rows_takes_inserts(Relation foreign_table);
extern const char *rows_path_name(RowsPath path);

#endif /* POC_ROWS_PLAN_TARGET_H */
