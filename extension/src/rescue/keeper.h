/*-------------------------------------------------------------------------
 *
 * keeper.h
 *	  Asks the extension's own functions, which nobody else may call.
 *
 *-------------------------------------------------------------------------
 */
#ifndef POC_KEEPER_H
#define POC_KEEPER_H

#include "rescue/state.h"

/* A query of one row, which is then SPI's result */
extern void poc_rescue_ask_keeper(PocRescue *rescue, const char *command, int nargs, Oid *types,
								  Datum *values, const char *nulls);

#endif /* POC_KEEPER_H */
