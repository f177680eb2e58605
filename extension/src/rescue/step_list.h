/*-------------------------------------------------------------------------
 *
 * step_list.h
 *	  The steps of a rescue.
 *
 *-------------------------------------------------------------------------
 */
#ifndef POC_STEP_LIST_H
#define POC_STEP_LIST_H

#include "nodes/execnodes.h"

#include "rescue/state.h"

extern void poc_rescue_step(PocRescue *rescue, const char *name, const char *format, ...)
	pg_attribute_printf(3, 4);
extern Datum poc_rescue_step_texts(PocRescue *rescue);
extern void poc_rescue_return_steps(PocRescue *rescue, ReturnSetInfo *result);

#endif /* POC_STEP_LIST_H */
