/*-------------------------------------------------------------------------
 *
 * home_table.c
 *	  Makes the table that comes home, from the definition that pg_dump has written.
 *
 * The definition comes from a backup, and so from whoever could change the database then.
 * It is run with the caller's rights, as he would run a dump.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_namespace.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"

#include "base/compat.h"
#include "base/sibling.h"
#include "client/json.h"
#include "rescue/home_table.h"
#include "rescue/step_list.h"

/* What is done with each object of a list of the definition */
typedef void (*ForObject) (PocRescue *rescue, Jsonb *object);

static void for_each(PocRescue *rescue, const char *list, ForObject act);
static void give_to_owner(PocRescue *rescue);
static void set_owner(PocRescue *rescue, Jsonb *table);
static void set_sequence(PocRescue *rescue, Jsonb *sequence);
static void grant(PocRescue *rescue, Jsonb *grant);
static void leave_foreign_key(PocRescue *rescue, Jsonb *key);
static void leave_trigger(PocRescue *rescue, Jsonb *trigger);
static void leave_rule(PocRescue *rescue, Jsonb *rule);
static void leave_parent(PocRescue *rescue);
static void leave(PocRescue *rescue, char *what);
static const char *text_of(Jsonb *object, const char *key);

/*
 * Runs commands with the caller's rights.  What they set, as pg_dump's do, is
 * set back: it must not outlive them.
 */
void
poc_rescue_run(const char *commands)
{
	int			nest_level = NewGUCNestLevel();
	int			result = SPI_execute(commands, false, 0);

	if (result < 0)
		elog(ERROR, "SPI_execute failed: %s", SPI_result_code_string(result));
	AtEOXact_GUC(false, nest_level);
}

/* The texts of a list of the definition, as String nodes */
List *
poc_rescue_texts(PocRescue *rescue, const char *list)
{
	Jsonb	   *array = poc_json_member(rescue->definition, list, jbvArray);
	List	   *texts = NIL;

	for (uint32 i = 0; array != NULL && i < JsonContainerSize(&array->root); i++)
	{
		JsonbValue *value = getIthJsonbValueFromContainer(&array->root, i);

		if (value->type == jbvString)
			texts = lappend(texts, makeString(pnstrdup(value->val.string.val, value->val.string.len)));
	}
	return texts;
}

/* The table as it is before it has rows */
void
poc_rescue_make_table(PocRescue *rescue)
{
	char	   *commands = poc_json_text(rescue->definition, "before");

	if (commands == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_PROTOCOL_VIOLATION),
				 errmsg("the Barman sidecar does not tell the definition of table %s", rescue->relation)));
	poc_rescue_run(commands);
	rescue->relid = get_relname_relid(rescue->home_name, get_namespace_oid(rescue->home_schema, false));
	if (!OidIsValid(rescue->relid))
		ereport(ERROR,
				(errcode(ERRCODE_PROTOCOL_VIOLATION),
				 errmsg("the definition of table %s makes no table %s", rescue->relation, rescue->home)));
	give_to_owner(rescue);
	poc_rescue_step(rescue, "definition", "%s, owned by %s, %d columns", rescue->home,
					quote_identifier(GetUserNameFromId(poc_owner_of(rescue->relid), false)),
					list_length(poc_rescue_texts(rescue, "columns")));
}

/* What stands on the rows */
void
poc_rescue_finish_table(PocRescue *rescue)
{
	char	   *commands = poc_json_text(rescue->definition, "after");
	ListCell   *cell;

	if (commands != NULL)
		poc_rescue_run(commands);
	foreach(cell, poc_rescue_texts(rescue, "statistics"))
		poc_rescue_run(strVal(lfirst(cell)));
	for_each(rescue, "sequences", set_sequence);
	for_each(rescue, "grants", grant);
	poc_rescue_step(rescue, "indexes", "indexes, constraints, policies, sequences and grants");
}

void
poc_rescue_tell_left_out(PocRescue *rescue)
{
	ListCell   *cell;

	for_each(rescue, "foreign_keys", leave_foreign_key);
	for_each(rescue, "triggers", leave_trigger);
	for_each(rescue, "rules", leave_rule);
	leave_parent(rescue);
	foreach(cell, poc_rescue_texts(rescue, "referenced_by"))
		leave(rescue, psprintf("foreign key of %s, which referred to it", strVal(lfirst(cell))));
	foreach(cell, rescue->left_out)
		poc_rescue_step(rescue, "left out", "%s", (char *) lfirst(cell));
}

static void
for_each(PocRescue *rescue, const char *list, ForObject act)
{
	Jsonb	   *array = poc_json_member(rescue->definition, list, jbvArray);

	for (uint32 i = 0; array != NULL && i < JsonContainerSize(&array->root); i++)
	{
		JsonbValue *value = getIthJsonbValueFromContainer(&array->root, i);

		if (value->type == jbvBinary)
			act(rescue, JsonbValueToJsonb(value));
	}
}

/* The owner that it had, if the caller may make him that; else it is the caller's. */
static void
give_to_owner(PocRescue *rescue)
{
	const char *name = text_of(rescue->definition, "owner");
	Oid			owner = get_role_oid(name, true);

	if (owner == rescue->caller)
		return;
	if (!OidIsValid(owner))
		leave(rescue, psprintf("owner %s: there is no such role", quote_identifier(name)));
	else if (!superuser_arg(rescue->caller) &&
			 (!is_member_of_role(rescue->caller, owner) ||
			  object_aclcheck(NamespaceRelationId, get_namespace_oid(rescue->home_schema, false), owner, ACL_CREATE) != ACLCHECK_OK))
		leave(rescue, psprintf("owner %s: only a member of that role, which may create tables there, can give it to it", quote_identifier(name)));
	else
		for_each(rescue, "tables", set_owner);
}

/* The first is the table itself, the others are its partitions. */
static void
set_owner(PocRescue *rescue, Jsonb *table)
{
	bool		is_itself = poc_json_integer(table, "oid") == poc_json_integer(rescue->definition, "oid");

	poc_rescue_run(psprintf("ALTER TABLE %s OWNER TO %s",
							is_itself ? rescue->home : quote_qualified_identifier(rescue->home_schema, text_of(table, "name")),
							quote_identifier(text_of(rescue->definition, "owner"))));
}

static void
set_sequence(PocRescue *rescue, Jsonb *sequence)
{
	JsonbValue *value = poc_json_find(sequence, "value");

	/* null: it has not been used */
	if (value == NULL || value->type != jbvNumeric)
		return;
	poc_rescue_run(psprintf("SELECT pg_catalog.setval(%s::pg_catalog.regclass, " INT64_FORMAT ")",
							quote_literal_cstr(quote_qualified_identifier(rescue->home_schema, text_of(sequence, "name"))),
							poc_json_integer(sequence, "value")));
}

static void
grant(PocRescue *rescue, Jsonb *one)
{
	const char *privilege = text_of(one, "privilege");
	char	   *grantee = poc_json_text(one, "grantee");
	JsonbValue *grantable = poc_json_find(one, "grantable");

	/* a word of SQL, and nothing else */
	if (privilege[0] == '\0' || privilege[strspn(privilege, "ABCDEFGHIJKLMNOPQRSTUVWXYZ ")] != '\0')
		return;
	if (grantee != NULL && !OidIsValid(get_role_oid(grantee, true)))
	{
		leave(rescue, psprintf("%s for %s: there is no such role", privilege, quote_identifier(grantee)));
		return;
	}
	poc_rescue_run(psprintf("GRANT %s ON TABLE %s TO %s%s", privilege, rescue->home,
							grantee != NULL ? quote_identifier(grantee) : "PUBLIC",
							grantable != NULL && grantable->type == jbvBool && grantable->val.boolean ? " WITH GRANT OPTION" : ""));
}

static void
leave_foreign_key(PocRescue *rescue, Jsonb *key)
{
	leave(rescue, psprintf("foreign key %s: %s", quote_identifier(text_of(key, "name")), text_of(key, "definition")));
}

static void
leave_trigger(PocRescue *rescue, Jsonb *trigger)
{
	leave(rescue, psprintf("trigger %s", quote_identifier(text_of(trigger, "name"))));
}

static void
leave_rule(PocRescue *rescue, Jsonb *rule)
{
	leave(rescue, psprintf("rule %s", quote_identifier(text_of(rule, "name"))));
}

static void
leave_parent(PocRescue *rescue)
{
	Jsonb	   *parent = poc_json_member(rescue->definition, "parent", jbvObject);

	if (parent != NULL)
		leave(rescue, psprintf("that it was a partition of %s", quote_qualified_identifier(text_of(parent, "schema"), text_of(parent, "name"))));
}

static void
leave(PocRescue *rescue, char *what)
{
	rescue->left_out = lappend(rescue->left_out, what);
}

static const char *
text_of(Jsonb *object, const char *key)
{
	char	   *text = poc_json_text(object, key);

	return text != NULL ? text : "";
}
