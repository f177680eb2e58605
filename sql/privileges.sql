-- Who may do what (design section 7).
SET client_min_messages = error;
CREATE EXTENSION IF NOT EXISTS poc_barman;
CREATE ROLE regress_poc_nobody;
CREATE ROLE regress_poc_reader IN ROLE pg_monitor;
CREATE ROLE regress_poc_operator;
CREATE TEMP VIEW functions AS
	SELECT p.oid, p.proname::text COLLATE "C" AS name, p.prosecdef, p.proconfig
	FROM pg_proc p JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
		JOIN pg_extension e ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid
	WHERE e.extname = 'poc_barman';

-- everybody: of what runs as its owner, or is not for people, nothing that does anything
SELECT name FROM functions
WHERE has_function_privilege('regress_poc_nobody', oid, 'EXECUTE')
	AND (prosecdef OR name ~ '^_poc_(get|post|cancel|run|follow|wal|server|job|wait|require)') ORDER BY name;

-- readers: the reading functions
SELECT name FROM functions
WHERE has_function_privilege('regress_poc_reader', oid, 'EXECUTE')
	AND NOT has_function_privilege('regress_poc_nobody', oid, 'EXECUTE') ORDER BY name;

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
SELECT * FROM _poc_get_list('servers', 'servers');
SELECT _poc_wal_tick();
CALL poc_play();

SET ROLE regress_poc_reader;
SELECT count(*) > 0 AS reads FROM poc_servers();
SELECT count(*) >= 0 AS reads FROM poc_backups();
SELECT count(*) > 0 AS reads FROM poc_check('postgres1');
SELECT count(*) >= 0 AS reads FROM poc_jobs();
SELECT * FROM _poc_get_list('servers', 'servers');
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
