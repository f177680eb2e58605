-- Who may do what.
SET client_min_messages = error;
CREATE EXTENSION IF NOT EXISTS poc_barman;
CREATE ROLE regress_poc_nobody;
CREATE ROLE regress_poc_reader IN ROLE pg_monitor;
CREATE ROLE regress_poc_operator;
CREATE TEMP VIEW members AS
	SELECT d.classid, d.objid, i.type, i.identity COLLATE "C" AS identity,
		CASE d.classid
			-- nobody can call one
			WHEN 'pg_event_trigger'::regclass THEN false
			WHEN 'pg_proc'::regclass THEN has_function_privilege('regress_poc_nobody', d.objid, 'EXECUTE')
			WHEN 'pg_namespace'::regclass THEN has_schema_privilege('regress_poc_nobody', d.objid, 'USAGE, CREATE')
			WHEN 'pg_type'::regclass THEN has_type_privilege('regress_poc_nobody', d.objid, 'USAGE')
			WHEN 'pg_class'::regclass THEN has_table_privilege('regress_poc_nobody', d.objid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER') END AS everybody,
		CASE d.classid
			WHEN 'pg_event_trigger'::regclass THEN false
			WHEN 'pg_proc'::regclass THEN has_function_privilege('regress_poc_reader', d.objid, 'EXECUTE')
			WHEN 'pg_namespace'::regclass THEN has_schema_privilege('regress_poc_reader', d.objid, 'USAGE, CREATE')
			WHEN 'pg_type'::regclass THEN has_type_privilege('regress_poc_reader', d.objid, 'USAGE')
			WHEN 'pg_class'::regclass THEN has_table_privilege('regress_poc_reader', d.objid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER') END AS reader
	FROM pg_depend AS d JOIN pg_extension AS e ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid,
		LATERAL pg_identify_object(d.classid, d.objid, 0) AS i
	WHERE e.extname = 'poc_barman' AND d.deptype = 'e'
		-- array types, and the row types of tables, are members since PostgreSQL 17; the former have the privileges of their elements
		AND NOT EXISTS (SELECT FROM pg_type AS t LEFT JOIN pg_class AS c ON c.oid = t.typrelid
			WHERE d.classid = 'pg_type'::regclass AND t.oid = d.objid AND (t.typcategory = 'A' OR c.relkind <> 'c'));
CREATE TEMP VIEW functions AS
	SELECT p.oid, p.proname::text COLLATE "C" AS name, p.prosecdef, p.proconfig, p.prosrc, m.*
	FROM members AS m JOIN pg_proc AS p ON m.classid = 'pg_proc'::regclass AND m.objid = p.oid;

-- the complete list of what there is, and of it what everybody may execute or use, what the readers may besides,
-- and what is left to its owner and to those whom he grants it; an aggregate, a type and a schema among them
SELECT type, identity FROM members WHERE everybody ORDER BY type, identity;
SELECT type, identity FROM members WHERE reader AND NOT everybody ORDER BY type, identity;
SELECT type, identity FROM members WHERE NOT reader ORDER BY type, identity;
SELECT type, identity FROM members WHERE reader IS NULL OR everybody IS NULL;

-- which of the privileges of a schema, a table or a view it is
SELECT m.identity, coalesce(nullif(a.grantee, 0)::regrole::text, 'PUBLIC') AS grantee, a.privilege_type
FROM members AS m LEFT JOIN pg_class AS c ON m.classid = 'pg_class'::regclass AND c.oid = m.objid
	LEFT JOIN pg_namespace AS n ON m.classid = 'pg_namespace'::regclass AND n.oid = m.objid,
	LATERAL aclexplode(coalesce(c.relacl, n.nspacl)) AS a
WHERE a.grantee <> coalesce(c.relowner, n.nspowner) ORDER BY 1, 2, 3;

-- nobody but its owner creates anything in our schema
SET ROLE regress_poc_nobody;
CREATE FUNCTION _poc.get_list(text, text) RETURNS jsonb LANGUAGE sql AS 'SELECT NULL';
CREATE TABLE _poc.instances (i int);
RESET ROLE;

-- no body of ours looks anything up in the schema of the extension, which others may own; public.dummy is a table
SELECT f.identity FROM functions AS f, pg_extension AS e
WHERE e.extname = 'poc_barman' AND replace(f.prosrc, 'public.dummy', '') ~ ('\m' || e.extnamespace::regnamespace || '\M');

-- what runs as its owner cannot be led astray by a search_path
SELECT name FROM functions
WHERE prosecdef AND (proconfig IS NULL OR NOT 'search_path=pg_catalog, pg_temp' = ANY (proconfig));

-- every function tells what it is
SELECT name FROM functions WHERE obj_description(oid, 'pg_proc') IS NULL;

\set VERBOSITY sqlstate
SET ROLE regress_poc_nobody;
SELECT * FROM poc_servers();
SELECT * FROM poc_backups();
SELECT * FROM poc_sidecar();
SELECT * FROM poc_switch_wal();
SELECT * FROM poc_generate_wal('1 kB');
SELECT * FROM poc_backup();
SELECT * FROM _poc.get_list('servers', '{servers}');
SELECT _poc.wal_tick();
CALL poc_play();

SET ROLE regress_poc_reader;
SELECT count(*) > 0 AS reads FROM poc_servers();
SELECT count(*) >= 0 AS reads FROM poc_backups();
SELECT count(*) > 0 AS reads FROM poc_check('postgres1');
SELECT count(*) >= 0 AS reads FROM poc_jobs();
SELECT * FROM _poc.get_list('servers', '{servers}');
SELECT * FROM poc_cron();
SELECT * FROM poc_wait_ready();
SELECT * FROM poc_backup();
SELECT * FROM poc_cancel_job('x');
SELECT * FROM poc_wait_job('x');
SELECT * FROM poc_switch_wal(wait => false);

-- the caller's settings count, although the function runs as its owner
SET poc_barman.server = 'no_such_server';
SELECT * FROM poc_check();
RESET poc_barman.server;

-- one GRANT is enough
RESET ROLE;
GRANT EXECUTE ON FUNCTION poc_switch_wal TO regress_poc_operator;
SET ROLE regress_poc_operator;
SELECT wal_file IS NOT NULL AS switches FROM poc_switch_wal(wait => false);
SELECT * FROM poc_cron();
SELECT * FROM pg_switch_wal();
SELECT * FROM poc_servers();
RESET ROLE;

REVOKE ALL ON FUNCTION poc_switch_wal FROM regress_poc_operator;
DROP ROLE regress_poc_nobody, regress_poc_reader, regress_poc_operator;
