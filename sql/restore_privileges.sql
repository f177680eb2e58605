-- What restores, keeps or deletes is nobody's until granted; the list is for monitoring.
SET client_min_messages = error;
CREATE EXTENSION IF NOT EXISTS poc_barman;
\set SHOW_CONTEXT never
DROP ROLE IF EXISTS regress_nobody, regress_monitor, regress_operator;
CREATE ROLE regress_nobody;
CREATE ROLE regress_monitor IN ROLE pg_monitor;
CREATE ROLE regress_operator;
GRANT EXECUTE ON FUNCTION poc_drop_instance(text) TO regress_operator;

SELECT p.proname, has_function_privilege('regress_nobody', p.oid, 'EXECUTE') AS nobody,
	has_function_privilege('regress_monitor', p.oid, 'EXECUTE') AS monitor, p.prosecdef AS as_owner
FROM pg_proc AS p
WHERE p.proname IN ('poc_restore', 'poc_instances', 'poc_drop_instance', 'poc_verify_backup', 'poc_keep_backup', 'poc_delete_backup')
ORDER BY p.proname COLLATE "C";

-- one GRANT suffices
SET ROLE regress_operator;
\set VERBOSITY sqlstate
SELECT poc_drop_instance('no_such_instance');
SELECT poc_instances();
RESET ROLE;

REVOKE EXECUTE ON FUNCTION poc_drop_instance(text) FROM regress_operator;
DROP ROLE regress_nobody, regress_monitor, regress_operator;
