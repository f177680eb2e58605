/*-------------------------------------------------------------------------
 *
 * run_as.c
 *	  Runs commands and queries of a rescue under settings of its own.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/guc.h"
#include "utils/snapmgr.h"

#include "base/acting_role.h"
#include "base/compat.h"
#include "rescue/pinned_settings.h"
#include "rescue/run_as.h"

static void run_as(Oid role, int flags, const char *commands);

/*
 * Runs commands with the rights of the table's owner.  They are parsed before the first of
 * them is run, so that what pg_dump's text sets for itself is set for it here; and nothing
 * of what is set, by it or by code that it runs, outlives it.
 */
void
poc_rescue_run_as_owner(PocRescue *rescue, const char *commands)
{
	run_as(rescue->table->owner, SECURITY_RESTRICTED_OPERATION, commands);
}

/* The same with the caller's rights, for what names no code */
void
poc_rescue_run_as_caller(const char *command)
{
	run_as(GetUserId(), 0, command);
}

static void
run_as(Oid role, int flags, const char *commands)
{
	PocActing acting = poc_act_as(role, flags);
	int result;

	poc_rescue_pin_settings();
	result = SPI_execute(commands, false, 0);
	if (result < 0)
		elog(ERROR, "SPI_execute failed: %s", SPI_result_code_string(result));
	poc_stop_acting(&acting);
}

/*
 * A query of the catalogs as they are now, whatever the transaction's own snapshot shows:
 * PostgreSQL acts by what is there.  Its rows are then SPI's result; names in it come out
 * qualified.
 */
void
poc_rescue_look_up(const char *query, int nargs, Oid *types, Datum *values)
{
	int nest_level = NewGUCNestLevel();

	poc_rescue_pin_settings();
	CommandCounterIncrement();
	PushActiveSnapshot(GetLatestSnapshot());
	/* what is read-only takes the active snapshot */
	if (SPI_execute_with_args(query, nargs, types, values, NULL, true, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not look up: %s", query);
	PopActiveSnapshot();
	AtEOXact_GUC(false, nest_level);
}
