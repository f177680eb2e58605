/*-------------------------------------------------------------------------
 *
 * triggers.c
 *	  Which triggers of the table an INSERT fires.
 *
 * Only the check of a foreign key may be disabled, and only if its referenced
 * rows are locked.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_trigger.h"
#include "commands/trigger.h"
#include "utils/fmgroids.h"
#include "utils/syscache.h"

#include "base/compat.h"
#include "rows/plan/parts.h"
#include "rows/write/triggers.h"

static bool is_checked(RowsPlan *plan, Oid constraint);

/*
 * Does an INSERT fire triggers other than superfluous checks of foreign keys?
 * If a table refers to itself, its index checks the foreign key.
 */
bool
rows_has_insert_triggers(RowsPlan *plan)
{
	TriggerDesc *triggers = plan->rel->trigdesc;

	for (int i = 0; triggers != NULL && i < triggers->numtriggers; i++)
	{
		Trigger *trigger = &triggers->triggers[i];

		if (TRIGGER_FOR_INSERT(trigger->tgtype) && trigger->tgenabled != TRIGGER_DISABLED &&
			!(trigger->tgfoid == F_RI_FKEY_CHECK_INS && is_checked(plan, trigger->tgconstraint)))
			return true;
	}
	return false;
}

/*
 * Disable the row-by-row check of foreign keys whose referenced rows are
 * locked.  The descriptor is the executor's own copy.
 */
void
rows_disable_checks(RowsPlan *plan, TriggerDesc *triggers)
{
	if (triggers == NULL || plan->checked_foreign_keys == NIL)
		return;
	for (int i = 0; i < triggers->numtriggers; i++)
	{
		Trigger *trigger = &triggers->triggers[i];

		if (trigger->tgfoid == F_RI_FKEY_CHECK_INS && trigger->tgisinternal &&
			is_checked(plan, trigger->tgconstraint))
			trigger->tgenabled = TRIGGER_DISABLED;
	}

	/* rows are queued for AFTER triggers only if one is left */
	triggers->trig_insert_after_row = false;
	for (int i = 0; i < triggers->numtriggers; i++)
	{
		Trigger *trigger = &triggers->triggers[i];

		if (trigger->tgenabled != TRIGGER_DISABLED &&
			TRIGGER_TYPE_MATCHES(trigger->tgtype, TRIGGER_TYPE_ROW, TRIGGER_TYPE_AFTER,
								 TRIGGER_TYPE_INSERT))
			triggers->trig_insert_after_row = true;
	}
}

/* A partition's foreign key has the parent table's as its ancestor. */
static bool
is_checked(RowsPlan *plan, Oid constraint)
{
	while (OidIsValid(constraint))
	{
		HeapTuple tuple;

		if (list_member_oid(plan->checked_foreign_keys, constraint))
			return true;
		tuple = SearchSysCache1(CONSTROID, ObjectIdGetDatum(constraint));
		if (!HeapTupleIsValid(tuple))
			return false;
		constraint = ((Form_pg_constraint) GETSTRUCT(tuple))->conparentid;
		ReleaseSysCache(tuple);
	}
	return false;
}
