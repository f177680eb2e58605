/*-------------------------------------------------------------------------
 *
 * triggers.c
 *	  Triggers of the table that is filled: which of them an INSERT fires.
 *
 * Must never switch a trigger off but the check of a foreign key whose referenced
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
 * Are there triggers that an INSERT fires, other than checks of foreign keys
 * that are superfluous?  A table that refers to itself is checked by its index.
 */
bool
rows_has_insert_triggers(RowsPlan *plan)
{
	TriggerDesc *triggers = plan->rel->trigdesc;

	for (int i = 0; triggers != NULL && i < triggers->numtriggers; i++)
	{
		Trigger    *trigger = &triggers->triggers[i];

		if (TRIGGER_FOR_INSERT(trigger->tgtype) && trigger->tgenabled != TRIGGER_DISABLED &&
			!(trigger->tgfoid == F_RI_FKEY_CHECK_INS && is_checked(plan, trigger->tgconstraint)))
			return true;
	}
	return false;
}

/*
 * Switch off the row-by-row check of foreign keys whose referenced rows are
 * locked already.  The descriptor is a copy of the executor's own.
 */
void
rows_disable_checks(RowsPlan *plan, TriggerDesc *triggers)
{
	if (triggers == NULL || plan->checked_foreign_keys == NIL)
		return;
	for (int i = 0; i < triggers->numtriggers; i++)
	{
		Trigger    *trigger = &triggers->triggers[i];

		if (trigger->tgfoid == F_RI_FKEY_CHECK_INS && trigger->tgisinternal &&
			is_checked(plan, trigger->tgconstraint))
			trigger->tgenabled = TRIGGER_DISABLED;
	}

	/* without another trigger no row needs to be looked at after its insertion */
	triggers->trig_insert_after_row = false;
	for (int i = 0; i < triggers->numtriggers; i++)
	{
		Trigger    *trigger = &triggers->triggers[i];

		if (trigger->tgenabled != TRIGGER_DISABLED &&
			TRIGGER_TYPE_MATCHES(trigger->tgtype, TRIGGER_TYPE_ROW,
								 TRIGGER_TYPE_AFTER, TRIGGER_TYPE_INSERT))
			triggers->trig_insert_after_row = true;
	}
}

/* A partition's foreign key descends from that of the table filled. */
static bool
is_checked(RowsPlan *plan, Oid constraint)
{
	while (OidIsValid(constraint))
	{
		HeapTuple	tuple;

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
