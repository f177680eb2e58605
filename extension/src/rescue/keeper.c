/*-------------------------------------------------------------------------
 *
 * keeper.c
 *	  Asks the extension's own functions, which nobody else may call.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/guc.h"

#include "base/compat.h"
#include "rescue/keeper.h"
#include "rescue/pinned_settings.h"

/*
 * With the rights of the owner of the extension's tables.  Nothing may be looked up
 * where the caller says: a function, an operator or a cast of his would have them.
 */
void
poc_rescue_ask_keeper(PocRescue *rescue, const char *command, int nargs, Oid *types, Datum *values,
					  const char *nulls)
{
	int nest_level = NewGUCNestLevel();
	Oid user;
	int context;

	poc_rescue_pin_settings();
	GetUserIdAndSecContext(&user, &context);
	SetUserIdAndSecContext(rescue->keeper, context | SECURITY_LOCAL_USERID_CHANGE);
	if (SPI_execute_with_args(command, nargs, types, values, nulls, false, 0) != SPI_OK_SELECT ||
		SPI_processed != 1)
		elog(ERROR, "%s: no row", command);
	SetUserIdAndSecContext(user, context);
	AtEOXact_GUC(false, nest_level);
}
