/*-------------------------------------------------------------------------
 *
 * run_as.h
 *	  Runs commands and queries of a rescue under settings of its own.
 *
 *-------------------------------------------------------------------------
 */
#ifndef POC_RUN_AS_H
#define POC_RUN_AS_H

#include "rescue/state.h"

extern void poc_rescue_run_as_owner(PocRescue *rescue, const char *commands);
extern void poc_rescue_run_as_caller(const char *command);
extern void poc_rescue_look_up(const char *query, int nargs, Oid *types, Datum *values);

#endif /* POC_RUN_AS_H */
