-- Incremental backups, where PostgreSQL and Barman can take them; where they
-- cannot, the error says so.
SET client_min_messages = error;
CREATE EXTENSION IF NOT EXISTS poc_barman;
SELECT current_setting('server_version_num')::int >= 170000
	AND (string_to_array(barman_version, '.')::int[])[1:2] >= '{3,11}' AS can FROM poc_sidecar() \gset
SELECT count(*) > 0 AS waited FROM poc_wait_ready();
SELECT backup_id AS full_id FROM poc_backup() \gset

-- what was asked for, or 55000
CREATE FUNCTION pg_temp.incremental(parent text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	detail text;
	hint text;
BEGIN
	RETURN (SELECT concat_ws(' ', b.type, b.status) FROM poc_backup(incremental => parent) AS b);
EXCEPTION WHEN object_not_in_prerequisite_state THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	RETURN CASE WHEN detail ~ 'Barman 3|PostgreSQL' AND hint ~ '3\.11' AND hint ~ '17' THEN 'too old' ELSE detail || hint END;
END
$$;
SELECT pg_temp.incremental('latest') = CASE WHEN :'can' THEN 'incremental DONE' ELSE 'too old' END AS latest;
SELECT pg_temp.incremental(:'full_id') = CASE WHEN :'can' THEN 'incremental DONE' ELSE 'too old' END AS by_id;
SELECT pg_temp.incremental('latest-full') = CASE WHEN :'can' THEN 'incremental DONE' ELSE 'too old' END AS latest_full;

-- the catalogue tells the family
SELECT count(*) = CASE WHEN :'can' THEN 3 ELSE 0 END AS children, bool_and(parent_id = :'full_id') IS NOT false AS parents
FROM poc_backups() WHERE backup_id > :'full_id';
SELECT cardinality(children) = CASE WHEN :'can' THEN 3 ELSE 0 END AS children, parent_id IS NULL AS no_parent
FROM poc_show_backup(:'full_id');
\set VERBOSITY sqlstate
SELECT * FROM poc_backup(incremental => '../x');
