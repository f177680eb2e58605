/*-------------------------------------------------------------------------
 *
 * pinned_settings.c
 *	  Settings for commands and code that come from a backup.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/guc.h"

#include "base/acting_role.h"
#include "base/compat.h"
#include "rescue/pinned_settings.h"

/*
 * Until the nest level that the caller has opened ends: pg_dump qualifies every name, and
 * writes literals as the standard has them.
 */
void
poc_rescue_pin_settings(void)
{
	poc_restrict_search_path();
	(void) set_config_option("standard_conforming_strings", "on", PGC_USERSET, PGC_S_SESSION,
							 GUC_ACTION_SAVE, true, 0, false);
}
