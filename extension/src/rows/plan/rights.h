/*-------------------------------------------------------------------------
 *
 * rights.h
 *	  Privileges that a role needs before its rows are made.
 *
 *-------------------------------------------------------------------------
 */
#ifndef POC_ROWS_PLAN_RIGHTS_H
#define POC_ROWS_PLAN_RIGHTS_H

#include "rows/plan/parts.h"

extern void rows_require_insert(Oid relid, Oid role);
extern Bitmapset *rows_readable_columns(Relation rel, Oid role);
extern void rows_require_rights(RowsPlan *plan);
extern void rows_require_readable_keys(RowsPlan *plan);

#endif /* POC_ROWS_PLAN_RIGHTS_H */
