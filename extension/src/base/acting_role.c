/*-------------------------------------------------------------------------
 *
 * acting_role.c
 *	  To act as another role for a while, with settings that end with it.
 *
 * What code that runs meanwhile sets does not outlive it, and what an error leaves is undone
 * as the (sub)transaction ends.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/guc.h"

#include "base/acting_role.h"
#include "base/compat.h"

PocActing
poc_act_as(Oid role, int flags)
{
	PocActing acting;

	acting.nest_level = NewGUCNestLevel();
	GetUserIdAndSecContext(&acting.user, &acting.security_context);
	SetUserIdAndSecContext(role, acting.security_context | flags);
	return acting;
}

void
poc_stop_acting(const PocActing *acting)
{
	SetUserIdAndSecContext(acting->user, acting->security_context);
	AtEOXact_GUC(false, acting->nest_level);
}

/* RestrictSearchPath() of PostgreSQL 17 */
void
poc_restrict_search_path(void)
{
	(void) set_config_option("search_path", "pg_catalog, pg_temp", PGC_USERSET, PGC_S_SESSION,
							 GUC_ACTION_SAVE, true, 0, false);
}
