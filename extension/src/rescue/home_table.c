/*-------------------------------------------------------------------------
 *
 * home_table.c
 *	  Makes the table that comes home, from the definition that pg_dump has written.
 *
 * The definition comes from a backup, and so from whoever could change the database then.
 * It names code of others: of checks, generated columns, domains, keys of partitions.  All
 * of it is run with the rights of the table's owner, as PostgreSQL maintains an index.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"

#include "base/compat.h"
#include "base/sibling.h"
#include "client/json.h"
#include "client/sidecar.h"
#include "rescue/home_table.h"
#include "rescue/run_as.h"
#include "rescue/step_list.h"

/* What is done with each object of a list of the definition */
typedef void (*ForObject)(PocRescue *rescue, Jsonb *object);

static void for_each(PocRescue *rescue, const char *list, ForObject act);
static void require_free(PocRescue *rescue);
static void revoke_defaults(PocRescue *rescue);
static void set_sequence(PocRescue *rescue, Jsonb *sequence);
static void grant(PocRescue *rescue, Jsonb *grant);
static void leave_of_definition(PocRescue *rescue);
static void leave_foreign_key(PocRescue *rescue, Jsonb *key);
static void leave_trigger(PocRescue *rescue, Jsonb *trigger);
static void leave_rule(PocRescue *rescue, Jsonb *rule);
static void leave_inheritance(PocRescue *rescue, Jsonb *parent);
static void leave_parent(PocRescue *rescue);
static void leave(PocRescue *rescue, char *what);
static const char *text_of(Jsonb *object, const char *key);

/* The texts of a list of the definition, as String nodes */
List *
poc_rescue_texts(PocRescue *rescue, const char *list)
{
	Jsonb *array = poc_json_member(rescue->table->definition, list, jbvArray);
	List *texts = NIL;

	for (uint32 i = 0; array != NULL && i < JsonContainerSize(&array->root); i++)
	{
		JsonbValue *value = getIthJsonbValueFromContainer(&array->root, i);

		if (value->type == jbvString)
			texts = lappend(texts,
							makeString(pnstrdup(value->val.string.val, value->val.string.len)));
	}
	return texts;
}

/*
 * The owner that it had, whom the caller must be able to act as: else whatever the
 * definition names (functions, operators, strings that built-in functions run) would be
 * run with the caller's rights.
 */
void
poc_rescue_choose_owner(PocRescue *rescue)
{
	const char *name = text_of(rescue->table->definition, "owner");

	if (rescue->table->is_there)
		return;
	rescue->table->owner = get_role_oid(name, true);
	if (!OidIsValid(rescue->table->owner))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("the owner of table %s, role %s, does not exist here",
						rescue->table->relation, quote_identifier(name)),
				 errdetail(
					 "Checks, defaults and indexes of the table are code of its owner, and are run with his rights."),
				 errhint("CREATE ROLE %s NOLOGIN", quote_identifier(name))));
	if (rescue->table->owner != rescue->caller && !superuser_arg(rescue->caller) &&
		!member_can_set_role(rescue->caller, rescue->table->owner))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied to make a table of role %s", quote_identifier(name)),
				 errdetail("It is the owner of table %s.", rescue->table->relation),
				 errhint("Let a superuser or a member of that role rescue it.")));
}

/* The table as it is before it has rows */
void
poc_rescue_make_table(PocRescue *rescue)
{
	char *commands = poc_json_text(rescue->table->definition, "before");

	if (commands == NULL && poc_json_true(rescue->table->definition, "rows_only"))
		ereport(ERROR, (errcode(ERRCODE_UNDEFINED_TABLE),
						errmsg("table %s, which was to take the rows, is not there any more",
							   rescue->table->home),
						errhint("Call this function again: the table is made then.")));
	if (commands == NULL)
		poc_sidecar_malformed("a definition", "It has no \"before\".");
	require_free(rescue);
	poc_rescue_run_as_owner(rescue, commands);
	rescue->table->relid = get_relname_relid(rescue->table->home_name,
											 get_namespace_oid(rescue->table->home_schema, false));
	if (!OidIsValid(rescue->table->relid) ||
		poc_owner_of(rescue->table->relid) != rescue->table->owner)
		ereport(ERROR, (errcode(ERRCODE_PROTOCOL_VIOLATION),
						errmsg("the definition of table %s makes no table %s",
							   rescue->table->relation, rescue->table->home)));
	poc_rescue_step(rescue, "definition", "%s, owned by %s, %d columns", rescue->table->home,
					quote_identifier(GetUserNameFromId(rescue->table->owner, false)),
					list_length(poc_rescue_texts(rescue, "columns")));
}

/* Made by somebody else since it was looked for */
static void
require_free(PocRescue *rescue)
{
	Oid schema = get_namespace_oid(rescue->table->home_schema, true);

	if (OidIsValid(schema) && OidIsValid(get_relname_relid(rescue->table->home_name, schema)))
		ereport(ERROR, (errcode(ERRCODE_DUPLICATE_TABLE),
						errmsg("relation \"%s\" already exists", rescue->table->home),
						errdetail("A rescued table never comes over data."),
						errhint("Drop or rename that one, or give another to_schema.")));
}

/* What stands on the rows */
void
poc_rescue_finish_table(PocRescue *rescue)
{
	char *commands = poc_json_text(rescue->table->definition, "after");
	ListCell *cell;

	poc_rescue_require_home(rescue);
	if (rescue->table->is_there)
		return;
	if (commands != NULL)
		poc_rescue_run_as_owner(rescue, commands);
	foreach (cell, poc_rescue_texts(rescue, "statistics"))
		poc_rescue_run_as_owner(rescue, strVal(lfirst(cell)));
	for_each(rescue, "sequences", set_sequence);
	revoke_defaults(rescue);
	for_each(rescue, "grants", grant);
	poc_rescue_step(rescue, "indexes", "indexes, constraints, policies, sequences and grants");
}

/* The name still means the table that was made: schemas can be renamed meanwhile. */
void
poc_rescue_require_home(PocRescue *rescue)
{
	Oid schema;

	AcceptInvalidationMessages();
	schema = get_namespace_oid(rescue->table->home_schema, true);
	if (!OidIsValid(schema) ||
		get_relname_relid(rescue->table->home_name, schema) != rescue->table->relid)
		ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
						errmsg("the name %s means another table than the one that came home",
							   rescue->table->home),
						errdetail("The schema was renamed while the rows were loaded."),
						errhint("Give to_table a schema of yours.")));
}

/* Privileges that ALTER DEFAULT PRIVILEGES gives were none of the table's. */
static void
revoke_defaults(PocRescue *rescue)
{
	Oid types[] = {REGCLASSOID};
	Datum values[] = {ObjectIdGetDatum(rescue->table->relid)};
	SPITupleTable *table;
	uint64 count;

	poc_rescue_look_up("SELECT pg_catalog.format('REVOKE ALL ON %s %I.%I FROM %s', "
					   "CASE c.relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, n.nspname, c.relname, "
					   "CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(a.grantee)) END) "
					   "FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace, "
					   "pg_catalog.aclexplode(c.relacl) AS a "
					   "WHERE a.grantee <> c.relowner AND (c.oid = $1 "
					   "OR c.oid IN (SELECT p.relid FROM pg_catalog.pg_partition_tree($1) AS p) "
					   "OR c.oid IN (SELECT d.objid FROM pg_catalog.pg_depend AS d WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass "
					   "AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refobjid = $1 AND d.deptype IN ('a', 'i')))",
					   lengthof(types), types, values);
	table = SPI_tuptable;
	count = SPI_processed;
	for (uint64 i = 0; i < count; i++)
		poc_rescue_run_as_owner(rescue, SPI_getvalue(table->vals[i], table->tupdesc, 1));
}

void
poc_rescue_tell_left_out(PocRescue *rescue)
{
	ListCell *cell;

	if (!rescue->table->is_there)
		leave_of_definition(rescue);
	foreach (cell, rescue->table->left_out)
		poc_rescue_step(rescue, "left out", "%s", (char *) lfirst(cell));
}

static void
leave_of_definition(PocRescue *rescue)
{
	ListCell *cell;

	for_each(rescue, "foreign_keys", leave_foreign_key);
	for_each(rescue, "triggers", leave_trigger);
	for_each(rescue, "rules", leave_rule);
	leave_parent(rescue);
	for_each(rescue, "no_inherit", leave_inheritance);
	foreach (cell, poc_rescue_texts(rescue, "left_out"))
		leave(rescue, strVal(lfirst(cell)));
	foreach (cell, poc_rescue_texts(rescue, "referenced_by"))
		leave(rescue, psprintf("foreign key of %s, which referred to it", strVal(lfirst(cell))));
}

static void
for_each(PocRescue *rescue, const char *list, ForObject act)
{
	Jsonb *array = poc_json_member(rescue->table->definition, list, jbvArray);

	for (uint32 i = 0; array != NULL && i < JsonContainerSize(&array->root); i++)
	{
		JsonbValue *value = getIthJsonbValueFromContainer(&array->root, i);

		if (value->type == jbvBinary)
			act(rescue, JsonbValueToJsonb(value));
	}
}

static void
set_sequence(PocRescue *rescue, Jsonb *sequence)
{
	int64 value;

	if (poc_json_bigint(sequence, "value", &value))
		poc_rescue_run_as_owner(rescue,
								psprintf("SELECT pg_catalog.setval(%s::pg_catalog.regclass, " INT64_FORMAT
										 ", %s)",
										 quote_literal_cstr(
											 quote_qualified_identifier(rescue->table->home_schema,
																		text_of(sequence, "name"))),
										 value,
										 poc_json_true(sequence, "is_called") ? "true" : "false"));
}

static void
grant(PocRescue *rescue, Jsonb *one)
{
	const char *privilege = text_of(one, "privilege");
	const char *kind = text_of(one, "on");
	char *column = poc_json_text(one, "column");
	char *grantee = poc_json_text(one, "grantee");
	char *name = quote_qualified_identifier(rescue->table->home_schema, text_of(one, "name"));

	/* words of SQL, and nothing else */
	if (privilege[0] == '\0' || privilege[strspn(privilege, "ABCDEFGHIJKLMNOPQRSTUVWXYZ ")] != '\0' ||
		(strcmp(kind, "TABLE") != 0 && strcmp(kind, "SEQUENCE") != 0))
		return;
	if (grantee != NULL && !OidIsValid(get_role_oid(grantee, true)))
	{
		leave(rescue,
			  psprintf("%s for %s: there is no such role", privilege, quote_identifier(grantee)));
		return;
	}
	poc_rescue_run_as_owner(rescue,
							psprintf("GRANT %s%s ON %s %s TO %s%s", privilege,
									 column != NULL ? psprintf(" (%s)", quote_identifier(column)) : "",
									 kind, name,
									 grantee != NULL ? quote_identifier(grantee) : "PUBLIC",
									 poc_json_true(one, "grantable") ? " WITH GRANT OPTION" : ""));
}

static void
leave_foreign_key(PocRescue *rescue, Jsonb *key)
{
	leave(rescue, psprintf("foreign key %s: %s", quote_identifier(text_of(key, "name")),
						   text_of(key, "definition")));
}

static void
leave_trigger(PocRescue *rescue, Jsonb *trigger)
{
	leave(rescue, psprintf("trigger %s: %s", quote_identifier(text_of(trigger, "name")),
						   text_of(trigger, "definition")));
}

static void
leave_rule(PocRescue *rescue, Jsonb *rule)
{
	leave(rescue, psprintf("rule %s: %s", quote_identifier(text_of(rule, "name")),
						   text_of(rule, "definition")));
}

static void
leave_inheritance(PocRescue *rescue, Jsonb *parent)
{
	leave(rescue,
		  psprintf("that it inherited from %s",
				   quote_qualified_identifier(text_of(parent, "schema"), text_of(parent, "name"))));
}

static void
leave_parent(PocRescue *rescue)
{
	Jsonb *parent = poc_json_member(rescue->table->definition, "parent", jbvObject);

	if (parent != NULL)
		leave(rescue, psprintf("that it was a partition of %s",
							   quote_qualified_identifier(text_of(parent, "schema"),
														  text_of(parent, "name"))));
}

static void
leave(PocRescue *rescue, char *what)
{
	rescue->table->left_out = lappend(rescue->table->left_out, what);
}

static const char *
text_of(Jsonb *object, const char *key)
{
	char *text = poc_json_text(object, key);

	return text != NULL ? text : "";
}
