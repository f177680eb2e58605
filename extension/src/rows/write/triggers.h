/*-------------------------------------------------------------------------
 *
 * triggers.h
 *	  Which triggers of the table an INSERT fires.
 *
 *-------------------------------------------------------------------------
 */
#ifndef POC_ROWS_WRITE_TRIGGERS_H
#define POC_ROWS_WRITE_TRIGGERS_H

#include "utils/reltrigger.h"

#include "rows/plan/parts.h"

extern bool rows_has_insert_triggers(RowsPlan *plan);
extern void rows_disable_checks(RowsPlan *plan, TriggerDesc *triggers);

#endif /* POC_ROWS_WRITE_TRIGGERS_H */
