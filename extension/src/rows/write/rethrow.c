/*-------------------------------------------------------------------------
 *
 * rethrow.c
 *	  Errors of a load say what to do about them.
 *
 * The SQLSTATE stays, and of the message nothing is lost.  What is no matter of the rows (a
 * cancel, a full disk) is raised again as it is.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_class.h"
#include "catalog/pg_trigger.h"
#include "commands/trigger.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/rls.h"

#include "base/compat.h"
#include "rows/plan/steps.h"
#include "rows/write/rethrow.h"

static bool is_of_function(RowsPlan *plan, int code);
static bool is_own_table(RowsPlan *plan, const ErrorData *error);
static void tell_policies(RowsPlan *plan, ErrorData *error);
static void tell_function(RowsPlan *plan, ErrorData *error);
static char *place_of(const ErrorData *error);
static const char *names_of_triggers(RowsPlan *plan);

/* In PG_CATCH(), in a memory context that is not the error's. */
void
rows_rethrow(RowsPlan *plan)
{
	int code = geterrcode();
	int category = ERRCODE_TO_CATEGORY(code);
	bool policies = code == ERRCODE_INSUFFICIENT_PRIVILEGE &&
					check_enable_rls(RelationGetRelid(plan->rel), plan->role, true) == RLS_ENABLED;
	bool data = category == ERRCODE_INTEGRITY_CONSTRAINT_VIOLATION ||
				category == ERRCODE_DATA_EXCEPTION ||
				category == ERRCODE_TO_CATEGORY(ERRCODE_WITH_CHECK_OPTION_VIOLATION);
	bool function = !policies && is_of_function(plan, code);
	ErrorData *error;

	if (!policies && !data && !function)
		PG_RE_THROW();
	error = CopyErrorData();
	FlushErrorState();
	if (policies)
		tell_policies(plan, error);
	else if (function && (!data || (!plan->making && !is_own_table(plan, error))) &&
			 (!plan->making || error->hint == NULL))
		tell_function(plan, error);
	else if (error->hint == NULL)
	{
		if (error->detail == NULL)
			error->detail = place_of(error);
		error->hint = pstrdup(
			"The value may come from a default, a trigger, an expression or an option: "
			"shape the columns behind it by the option \"columns\", or lift the constraint for the time of the load.");
	}
	ReThrowError(error);
}

/*
 * May it come from a function of the table's: a trigger's, or while a row is made one of a
 * default or a condition?  Errors of resources, locks, transactions and privileges do not.
 */
static bool
is_of_function(RowsPlan *plan, int code)
{
	static const int categories[] = {ERRCODE_INSUFFICIENT_RESOURCES,
									 ERRCODE_PROGRAM_LIMIT_EXCEEDED,
									 ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
									 ERRCODE_OPERATOR_INTERVENTION,
									 ERRCODE_SYSTEM_ERROR,
									 ERRCODE_INTERNAL_ERROR,
									 ERRCODE_TRANSACTION_ROLLBACK};

	if (code == ERRCODE_INSUFFICIENT_PRIVILEGE)
		return false;
	for (int i = 0; i < (int) lengthof(categories); i++)
	{
		if (ERRCODE_TO_CATEGORY(code) == ERRCODE_TO_CATEGORY(categories[i]))
			return false;
	}
	return plan->making || names_of_triggers(plan) != NULL;
}

/* Is it a constraint of the table itself, or of a partition? */
static bool
is_own_table(RowsPlan *plan, const ErrorData *error)
{
	return error->table_name != NULL &&
		   (plan->rel->rd_rel->relkind == RELKIND_PARTITIONED_TABLE ||
			strcmp(error->table_name, RelationGetRelationName(plan->rel)) == 0);
}

/* A row that row-level security rejects: the statement inside is not the caller's. */
static void
tell_policies(RowsPlan *plan, ErrorData *error)
{
	StringInfoData names;
	StringInfoData columns;

	if (error->message_id == NULL ||
		strncmp(error->message_id, "new row violates row-level security policy",
				strlen("new row violates row-level security policy")) != 0)
		return;
	initStringInfo(&names);
	initStringInfo(&columns);
	rows_name_policies(plan->rel, plan->role, &names, &columns);
	error->context = NULL;
	error->detail = names.len > 0 ? psprintf("Rows that \"%s\" inserts must satisfy: policy %s.",
											 GetUserNameFromId(plan->role, false), names.data)
								  : psprintf("No policy lets \"%s\" insert rows.",
											 GetUserNameFromId(plan->role, false));
	error->hint = columns.len > 0
					  ? psprintf("Give the columns of the policy (%s) values by the option \"columns\", or load as a role with BYPASSRLS.",
								 columns.data)
					  : pstrdup("Load as a role with BYPASSRLS, or as the owner of the table.");
}

/* What a function asks for is not known to us. */
static void
tell_function(RowsPlan *plan, ErrorData *error)
{
	const char *table = RelationGetRelationName(plan->rel);
	const char *place = place_of(error);
	StringInfoData text;

	initStringInfo(&text);
	if (error->detail != NULL)
		appendStringInfo(&text, "%s\n", error->detail);
	if (place != NULL)
		appendStringInfoString(&text, place);
	if (!plan->making)
		appendStringInfo(&text, "%sTriggers: %s.", place != NULL ? "\n" : "",
						 names_of_triggers(plan));
	error->detail = text.data;

	initStringInfo(&text);
	if (error->hint != NULL)
		appendStringInfo(&text, "%s\n", error->hint);
	if (plan->making)
	{
		error->message = psprintf("a default or a condition of table \"%s\" fails: %s", table,
								  error->message);
		appendStringInfoString(&text,
							   "Give the columns that it looks at other values by the option \"columns\", "
							   "or use no default by \"default\": false.");
	}
	else
	{
		error->message = psprintf("a trigger of table \"%s\" rejects its rows: %s", table,
								  error->message);
		appendStringInfo(&text,
						 "Give the columns that it looks at values that suit it by the option \"columns\", "
						 "fill first what it reads, or set the search_path that its functions expect; "
						 "or lift it for the time of the load: ALTER TABLE %s DISABLE TRIGGER ...",
						 quote_qualified_identifier(get_namespace_name(RelationGetNamespace(plan->rel)),
													table));
	}
	error->hint = text.data;
}

/* The first line of the context says where it was raised; NULL: in no code of the user's. */
static char *
place_of(const ErrorData *error)
{
	if (error->context == NULL || strncmp(error->context, "generating row ", 15) == 0)
		return NULL;
	return psprintf("Raised in %.*s.", (int) strcspn(error->context, "\n"), error->context);
}

/* Those that users made, of the table: partitions have them, too.  NULL: there are none. */
static const char *
names_of_triggers(RowsPlan *plan)
{
	TriggerDesc *triggers = plan->rel->trigdesc;
	StringInfoData names;

	initStringInfo(&names);
	for (int i = 0; triggers != NULL && i < triggers->numtriggers; i++)
	{
		Trigger *trigger = &triggers->triggers[i];

		if (trigger->tgisinternal || !TRIGGER_FOR_INSERT(trigger->tgtype) ||
			trigger->tgenabled == TRIGGER_DISABLED)
			continue;
		appendStringInfo(&names, "%s\"%s\"", names.len > 0 ? ", " : "", trigger->tgname);
	}
	return names.len > 0 ? names.data : NULL;
}
