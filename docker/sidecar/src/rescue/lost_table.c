/*
 * lost_table.c
 *
 * Finds a table in a restored server, and what belongs to it.  The server may
 * be hostile, and answers what it likes: what it has answered gets into other
 * commands as hexadecimal digits alone.
 */
#include "rescue/lost_table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "rescue/may_read.h"

/* The table, as t; with its partitions as members */
static const char which_sql[] =
	"WITH RECURSIVE t AS (SELECT c.oid, c.relname, c.relkind, c.relpersistence, c.relowner, c.relacl, c.relispartition, c.relnamespace, "
	"c.relrowsecurity, c.relforcerowsecurity, n.nspname FROM pg_catalog.pg_class AS c "
	"JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace WHERE %s), "
	"members AS (SELECT m.oid, m.relname, s.nspname FROM pg_catalog.pg_class AS m JOIN pg_catalog.pg_namespace AS s ON s.oid = m.relnamespace "
	"WHERE m.oid IN (SELECT t.oid FROM t UNION SELECT p.relid FROM t, pg_catalog.pg_partition_tree(t.oid) AS p WHERE t.relkind = 'p')), "
	/* what the definition of a member consists of */
	"parts AS (SELECT 'pg_catalog.pg_class'::pg_catalog.regclass::pg_catalog.oid AS class, m.oid FROM members AS m "
	"UNION SELECT 'pg_catalog.pg_attrdef'::pg_catalog.regclass::pg_catalog.oid, a.oid FROM pg_catalog.pg_attrdef AS a JOIN members AS m ON m.oid = a.adrelid "
	"UNION SELECT 'pg_catalog.pg_constraint'::pg_catalog.regclass::pg_catalog.oid, k.oid FROM pg_catalog.pg_constraint AS k JOIN members AS m ON m.oid = k.conrelid WHERE k.contype <> 'f' "
	"UNION SELECT 'pg_catalog.pg_policy'::pg_catalog.regclass::pg_catalog.oid, q.oid FROM pg_catalog.pg_policy AS q JOIN members AS m ON m.oid = q.polrelid "
	"UNION SELECT 'pg_catalog.pg_class'::pg_catalog.regclass::pg_catalog.oid, i.indexrelid FROM pg_catalog.pg_index AS i JOIN members AS m ON m.oid = i.indrelid), "
	"owned AS (SELECT q.oid, q.relname, s.nspname, (SELECT a.attname FROM pg_catalog.pg_attribute AS a "
	"WHERE a.attrelid = d.refobjid AND a.attnum = d.refobjsubid) AS attname FROM pg_catalog.pg_class AS q JOIN pg_catalog.pg_namespace AS s ON s.oid = q.relnamespace "
	"JOIN pg_catalog.pg_depend AS d ON d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = q.oid AND d.deptype IN ('a', 'i') "
	"JOIN members AS m ON d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refobjid = m.oid WHERE q.relkind = 'S') ";

static const char what_sql[] =
	"SELECT pg_catalog.json_build_object('oid', t.oid::pg_catalog.int8, 'kind', t.relkind, 'persistence', t.relpersistence, 'schema', t.nspname, 'name', t.relname, "
	"'owner', pg_catalog.pg_get_userbyid(t.relowner), "
	"'parent', (SELECT pg_catalog.json_build_object('schema', s.nspname, 'name', p.relname) FROM pg_catalog.pg_inherits AS i "
	"JOIN pg_catalog.pg_class AS p ON p.oid = i.inhparent JOIN pg_catalog.pg_namespace AS s ON s.oid = p.relnamespace "
	"WHERE i.inhrelid = t.oid AND t.relispartition), "
	"'parents', (SELECT pg_catalog.json_agg(pg_catalog.json_build_object('oid', p.oid::pg_catalog.int8, 'schema', s.nspname, 'name', p.relname) ORDER BY i.inhseqno) "
	"FROM pg_catalog.pg_inherits AS i JOIN pg_catalog.pg_class AS p ON p.oid = i.inhparent JOIN pg_catalog.pg_namespace AS s ON s.oid = p.relnamespace "
	"WHERE i.inhrelid = t.oid AND NOT t.relispartition), "
	"'children', (WITH RECURSIVE x AS (SELECT i.inhrelid FROM pg_catalog.pg_inherits AS i WHERE i.inhparent = t.oid AND t.relkind = 'r' "
	"UNION SELECT i.inhrelid FROM x JOIN pg_catalog.pg_inherits AS i ON i.inhparent = x.inhrelid) "
	"SELECT pg_catalog.json_agg(pg_catalog.json_build_object('oid', c.oid::pg_catalog.int8, 'name', pg_catalog.format('%%I.%%I', s.nspname, c.relname)) ORDER BY c.oid) "
	"FROM x JOIN pg_catalog.pg_class AS c ON c.oid = x.inhrelid JOIN pg_catalog.pg_namespace AS s ON s.oid = c.relnamespace), "
	"'extension', EXISTS (SELECT FROM pg_catalog.pg_depend AS d WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = t.oid AND d.deptype = 'e'), "
	"'foreign_part', EXISTS (SELECT FROM pg_catalog.pg_class AS m WHERE m.oid IN (SELECT members.oid FROM members) AND m.relkind NOT IN ('r', 'p')), "
	"'odd_name', EXISTS (SELECT FROM pg_catalog.pg_class AS m WHERE m.oid IN (SELECT parts.oid FROM parts UNION SELECT owned.oid FROM owned) AND m.relname ~ '[[:cntrl:]]') "
	"OR EXISTS (SELECT FROM pg_catalog.pg_attribute AS a JOIN members AS m ON m.oid = a.attrelid WHERE a.attname ~ '[[:cntrl:]]') "
	"OR EXISTS (SELECT FROM pg_catalog.pg_constraint AS k JOIN members AS m ON m.oid = k.conrelid WHERE k.conname ~ '[[:cntrl:]]') "
	"OR EXISTS (SELECT FROM pg_catalog.pg_policy AS q JOIN members AS m ON m.oid = q.polrelid WHERE q.polname ~ '[[:cntrl:]]') "
	"OR EXISTS (SELECT FROM members AS m WHERE m.nspname ~ '[[:cntrl:]]') OR pg_catalog.pg_get_userbyid(t.relowner) ~ '[[:cntrl:]]', "
	"'readable', %s, "
	"'database', (SELECT d.oid::pg_catalog.int8 FROM pg_catalog.pg_database AS d WHERE d.datname = pg_catalog.current_database()), "
	"'tables', (SELECT pg_catalog.json_agg(pg_catalog.json_build_object('oid', m.oid::pg_catalog.int8, 'schema', m.nspname, 'name', m.relname) ORDER BY m.oid <> t.oid, m.nspname, m.relname) FROM members AS m), "
	"'columns', (SELECT pg_catalog.json_agg(a.attname ORDER BY a.attnum) FROM pg_catalog.pg_attribute AS a "
	"WHERE a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''), "
	"'all_columns', (SELECT pg_catalog.json_agg(a.attname ORDER BY a.attnum) FROM pg_catalog.pg_attribute AS a "
	"WHERE a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped), "
	"'shape', (SELECT coalesce(pg_catalog.json_agg(pg_catalog.json_build_object('name', a.attname, 'type', pg_catalog.format_type(a.atttypid, a.atttypmod), "
	"'generated', a.attgenerated <> '')), '[]'::pg_catalog.json) FROM pg_catalog.pg_attribute AS a WHERE a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped), "
	/* a type without a function that sends it goes as text, and with it the table */
	"'format', CASE WHEN EXISTS (WITH RECURSIVE y AS (SELECT a.atttypid AS oid FROM pg_catalog.pg_attribute AS a WHERE a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped "
	"UNION SELECT x.o FROM y JOIN pg_catalog.pg_type AS p ON p.oid = y.oid, LATERAL (SELECT p.typbasetype AS o WHERE p.typtype = 'd' "
	"UNION ALL SELECT p.typelem WHERE p.typelem <> 0 AND p.typlen = -1 "
	"UNION ALL SELECT a.atttypid FROM pg_catalog.pg_attribute AS a WHERE p.typtype = 'c' AND a.attrelid = p.typrelid AND a.attnum > 0 AND NOT a.attisdropped) AS x) "
	"SELECT FROM y JOIN pg_catalog.pg_type AS p ON p.oid = y.oid WHERE p.typsend = 0::pg_catalog.oid OR p.typreceive = 0::pg_catalog.oid) "
	"THEN 'text' ELSE 'binary' END, "
	"'sequences', (SELECT pg_catalog.json_agg(pg_catalog.json_build_object('schema', o.nspname, 'name', o.relname, 'column', o.attname) ORDER BY o.relname) FROM owned AS o), "
	"'indexes', (SELECT pg_catalog.json_agg(pg_catalog.json_build_object('schema', m.nspname, 'name', x.relname) ORDER BY x.relname) FROM pg_catalog.pg_index AS i "
	"JOIN members AS m ON m.oid = i.indrelid JOIN pg_catalog.pg_class AS x ON x.oid = i.indexrelid), "
	"'foreign_keys', (SELECT pg_catalog.json_agg(pg_catalog.json_build_object('schema', m.nspname, 'table', m.relname, 'name', k.conname, 'references', k.confrelid::pg_catalog.int8, 'definition', pg_catalog.pg_get_constraintdef(k.oid)) ORDER BY k.conname) "
	"FROM pg_catalog.pg_constraint AS k JOIN members AS m ON m.oid = k.conrelid WHERE k.contype = 'f' AND (k.conparentid = 0 OR k.conrelid = t.oid)), "
	"'referenced_by', (SELECT pg_catalog.json_agg(k.conrelid::pg_catalog.regclass::pg_catalog.text ORDER BY 1) FROM pg_catalog.pg_constraint AS k "
	"WHERE k.contype = 'f' AND k.confrelid = t.oid AND k.conparentid = 0 AND k.conrelid NOT IN (SELECT m.oid FROM members AS m)), "
	"'triggers', (SELECT pg_catalog.json_agg(pg_catalog.json_build_object('schema', m.nspname, 'table', m.relname, 'name', g.tgname, 'definition', pg_catalog.pg_get_triggerdef(g.oid)) ORDER BY g.tgname) "
	"FROM pg_catalog.pg_trigger AS g JOIN members AS m ON m.oid = g.tgrelid WHERE NOT g.tgisinternal AND g.tgparentid = 0), "
	"'rules', (SELECT pg_catalog.json_agg(pg_catalog.json_build_object('schema', m.nspname, 'table', m.relname, 'name', r.rulename, 'definition', pg_catalog.pg_get_ruledef(r.oid)) ORDER BY r.rulename) "
	"FROM pg_catalog.pg_rewrite AS r JOIN members AS m ON m.oid = r.ev_class), "
	"'grants', (SELECT pg_catalog.json_agg(pg_catalog.json_build_object('on', g.kind, 'name', g.name, 'column', g.attname, "
	"'grantee', CASE WHEN a.grantee = 0 THEN NULL ELSE pg_catalog.pg_get_userbyid(a.grantee) END, "
	"'privilege', a.privilege_type, 'grantable', a.is_grantable)) FROM (SELECT 'TABLE' AS kind, c.relname AS name, NULL AS attname, c.relacl AS acl, c.relowner "
	"FROM pg_catalog.pg_class AS c JOIN members AS m ON m.oid = c.oid "
	"UNION ALL SELECT 'SEQUENCE', c.relname, NULL, c.relacl, c.relowner FROM pg_catalog.pg_class AS c JOIN owned AS o ON o.oid = c.oid "
	"UNION ALL SELECT 'TABLE', c.relname, p.attname, p.attacl, c.relowner FROM pg_catalog.pg_attribute AS p JOIN members AS m ON m.oid = p.attrelid "
	"JOIN pg_catalog.pg_class AS c ON c.oid = m.oid) AS g, pg_catalog.aclexplode(g.acl) AS a WHERE a.grantee <> g.relowner), "
	"'statistics', (SELECT pg_catalog.json_agg(pg_catalog.json_build_object('oid', e.oid::pg_catalog.int8, 'schema', s.nspname, 'name', e.stxname)) "
	"FROM pg_catalog.pg_statistic_ext AS e JOIN pg_catalog.pg_namespace AS s ON s.oid = e.stxnamespace JOIN members AS m ON m.oid = e.stxrelid), "
	"'needs', (SELECT pg_catalog.json_agg(DISTINCT pg_catalog.jsonb_build_object('kind', x.kind, 'name', x.name, 'oid', x.oid)) FROM (SELECT DISTINCT d.refobjid::pg_catalog.int8 AS oid, CASE d.refclassid "
	"WHEN 'pg_catalog.pg_type'::pg_catalog.regclass THEN 'type' WHEN 'pg_catalog.pg_proc'::pg_catalog.regclass THEN 'function' "
	"WHEN 'pg_catalog.pg_collation'::pg_catalog.regclass THEN 'collation' WHEN 'pg_catalog.pg_class'::pg_catalog.regclass THEN 'relation' END AS kind, "
	"CASE d.refclassid WHEN 'pg_catalog.pg_type'::pg_catalog.regclass THEN pg_catalog.format_type(d.refobjid, NULL::pg_catalog.int4) "
	"WHEN 'pg_catalog.pg_proc'::pg_catalog.regclass THEN d.refobjid::pg_catalog.regprocedure::pg_catalog.text "
	"WHEN 'pg_catalog.pg_collation'::pg_catalog.regclass THEN d.refobjid::pg_catalog.regcollation::pg_catalog.text "
	"WHEN 'pg_catalog.pg_class'::pg_catalog.regclass THEN d.refobjid::pg_catalog.regclass::pg_catalog.text END AS name "
	"FROM pg_catalog.pg_depend AS d JOIN parts AS p ON p.class = d.classid AND p.oid = d.objid "
	"WHERE d.refobjid >= 16384::pg_catalog.oid AND d.deptype IN ('n', 'a') AND d.refobjid NOT IN (SELECT parts.oid FROM parts UNION SELECT owned.oid FROM owned) "
	"AND (d.refclassid <> 'pg_catalog.pg_class'::pg_catalog.regclass OR d.refobjid IN (SELECT q.oid FROM pg_catalog.pg_class AS q WHERE q.relkind = 'S')) "
	"AND d.refclassid IN ('pg_catalog.pg_type'::pg_catalog.regclass, 'pg_catalog.pg_proc'::pg_catalog.regclass, "
	"'pg_catalog.pg_collation'::pg_catalog.regclass, 'pg_catalog.pg_class'::pg_catalog.regclass) "
	"UNION SELECT 0, 'role', r.rolname::pg_catalog.text FROM pg_catalog.pg_policy AS q JOIN members AS m ON m.oid = q.polrelid "
	"JOIN pg_catalog.pg_roles AS r ON r.oid = ANY (q.polroles)) AS x), "
	/* what comes with it, and others may need */
	"'gives', (SELECT pg_catalog.json_agg(pg_catalog.json_build_object('kind', g.kind, 'oid', g.oid::pg_catalog.int8)) FROM ("
	"SELECT 'type' AS kind, u.oid FROM members AS m JOIN pg_catalog.pg_class AS c ON c.oid = m.oid JOIN pg_catalog.pg_type AS y ON y.oid = c.reltype, "
	"LATERAL (VALUES (y.oid), (y.typarray)) AS u(oid) UNION ALL SELECT 'relation', o.oid FROM owned AS o) AS g), "
	"'left_out', (SELECT pg_catalog.json_agg(DISTINCT x.what) FROM (SELECT pg_catalog.format('security label of provider %%I', l.provider) AS what "
	"FROM pg_catalog.pg_seclabel AS l JOIN members AS m ON l.classoid = 'pg_catalog.pg_class'::pg_catalog.regclass AND l.objoid = m.oid "
	"UNION ALL SELECT pg_catalog.format('that publication %%I publishes it', p.pubname) FROM pg_catalog.pg_publication AS p "
	"JOIN pg_catalog.pg_publication_rel AS r ON r.prpubid = p.oid JOIN members AS m ON m.oid = r.prrelid) AS x), "
	"'prepared', (SELECT pg_catalog.json_agg(x.gid) FROM pg_catalog.pg_prepared_xacts AS x WHERE x.database = pg_catalog.current_database()))::pg_catalog.text FROM t";

static char *condition(const RescueTable *wanted);
static const char *refusal_of(const json_t *table, const RescueRequest *request,
							  const RescueTable *wanted, const char **hint);

json_t *
rescue_table_find(const DrillServer *server, const RescueRequest *request,
				  const RescueTable *wanted, char **error, const char **hint)
{
	char *where = condition(wanted);
	char *may_read = rescue_may_read(request);
	char *which = mem_printf(which_sql, where);
	char *what = mem_printf(what_sql, may_read);
	char *query = mem_printf("%s%s", which, what);
	DrillAnswer answer = {NULL, NULL};
	json_t *table = NULL;
	const char *refusal = NULL;

	*hint = NULL;
	*error = NULL;
	drill_ask(server, server->superuser, DRILL_QUICK_MS, &query, 1, &answer);
	if (answer.output == NULL)
		*error = mem_strdup(answer.error);
	else if (answer.output[0] == '\0')
	{
		*error = mem_strdup("there was no such table at this moment");
		*hint = "poc_find_changes() tells when a table was dropped or changed; its name then may have been another.";
	}
	else
	{
		table = json_loads(answer.output, JSON_REJECT_DUPLICATES, NULL);
		refusal = table != NULL ? refusal_of(table, request, wanted, hint)
								: "the restored server does not tell what the table is";
	}
	if (refusal != NULL)
	{
		*error = mem_strdup(refusal);
		json_decref(table);
		table = NULL;
	}
	drill_answer_free(&answer);
	free(query);
	free(what);
	free(which);
	free(may_read);
	free(where);
	return table;
}

/* malloc'd; OIDs are the same in the copy */
static char *
condition(const RescueTable *wanted)
{
	char *schema;
	char *name;
	char *text;

	if (wanted->oid != 0)
		return mem_printf("c.oid = %u::pg_catalog.oid", wanted->oid);
	schema = drill_value(wanted->schema, "UTF8");
	name = drill_value(wanted->name, "UTF8");
	text = mem_printf("n.nspname = %s::pg_catalog.name AND c.relname = %s::pg_catalog.name AND c.relkind IN ('r', 'p', 'v', 'm', 'f')",
					  schema, name);
	free(schema);
	free(name);
	return text;
}

/* NULL, or why this cannot come home */
static const char *
refusal_of(const json_t *table, const RescueRequest *request, const RescueTable *wanted,
		   const char **hint)
{
	const char *kind = json_text_of(table, "kind");
	const char *persistence = json_text_of(table, "persistence");

	if (kind == NULL || persistence == NULL || json_text_of(table, "schema") == NULL ||
		json_text_of(table, "name") == NULL || json_array_size(json_object_get(table, "tables")) == 0)
		return "the restored server does not tell what the table is";
	if (request->database_oid != 0 && json_integer_value(json_object_get(table, "database")) !=
										  (json_int_t) request->database_oid)
	{
		*hint = "A database was renamed since: rescue from a database of that name in another cluster, or restore an instance: poc_restore().";
		return "the database of this name was another one then";
	}
	if (strcmp(kind, "r") != 0 && strcmp(kind, "p") != 0)
	{
		*hint = "Ordinary and partitioned tables are rescued; a view's or a foreign table's definition is in a restored instance: poc_restore().";
		return "it is no table";
	}
	if (strcmp(persistence, "p") != 0)
	{
		*hint = "No backup has the rows of unlogged and temporary tables.";
		return "it is an unlogged table";
	}
	if (json_is_true(json_object_get(table, "extension")))
	{
		*hint = "CREATE EXTENSION makes it; its rows can be had from a restored instance: poc_restore().";
		return "it belongs to an extension";
	}
	if (json_is_true(json_object_get(table, "foreign_part")))
	{
		*hint = "Rescue its other partitions, one by one.";
		return "one of its partitions is a foreign table";
	}
	if (json_is_true(json_object_get(table, "odd_name")))
	{
		*hint = "pg_dump has mistaken such names for commands: restore an instance, and rename there: poc_restore().";
		return "its name, or that of a part of it, has control characters";
	}
	if (!json_is_true(json_object_get(table, "readable")))
	{
		*hint = "Whoever rescues it must be a superuser, or have been allowed to read all its rows then.";
		return "permission denied: the role could not read all of its rows at this moment";
	}
	if (!wanted->rows_only && strcmp(kind, "p") == 0 &&
		json_text_is(table, "schema", wanted->home_schema) && wanted->home_name != NULL &&
		!json_text_is(table, "name", wanted->home_name))
	{
		*hint = "Its partitions keep their names: give to_table another schema.";
		return "a partitioned table cannot stand beside itself in one schema";
	}
	if (json_array_size(json_object_get(table, "children")) > 0 && !wanted->rows_only &&
		json_text_is(table, "schema", wanted->home_schema) && wanted->home_name != NULL &&
		!json_text_is(table, "name", wanted->home_name))
	{
		*hint = "Tables that inherit from it keep their names: give to_table another schema.";
		return "a table from which others inherit cannot stand beside itself in one schema";
	}
	return NULL;
}
