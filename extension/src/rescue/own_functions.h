/*-------------------------------------------------------------------------
 *
 * own_functions.h
 *	  Asks the extension's own functions, which nobody else may call.
 *
 *-------------------------------------------------------------------------
 */
#ifndef POC_OWN_FUNCTIONS_H
#define POC_OWN_FUNCTIONS_H

#include "fmgr.h"

#include "rescue/state.h"

/* A query of one row, which is then SPI's result */
extern void poc_rescue_ask_keeper(PocRescue *rescue, const char *command, int nargs, Oid *types,
								  Datum *values, const char *nulls);

/* A column of the only row of the last query, or NULL; lives as long as the rescue */
extern char *poc_rescue_answer(int column);

/* What is to be done for these arguments; the home is a schema's if a list is given */
extern void poc_rescue_ask(PocRescue *rescue, FunctionCallInfo fcinfo, Datum relations, bool is_list);

/* The receipt of rescue->table */
extern void poc_rescue_keep_receipt(PocRescue *rescue);

#endif /* POC_OWN_FUNCTIONS_H */
