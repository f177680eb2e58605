/*-------------------------------------------------------------------------
 *
 * home_schema.h
 *	  The schema that a table comes home to, and the right to make it there.
 *
 *-------------------------------------------------------------------------
 */
#ifndef POC_HOME_SCHEMA_H
#define POC_HOME_SCHEMA_H

#include "rescue/state.h"

extern void poc_rescue_prepare_loan(PocRescue *rescue);
extern void poc_rescue_lend(PocRescue *rescue);
extern void poc_rescue_end_loan(PocRescue *rescue);

#endif /* POC_HOME_SCHEMA_H */
