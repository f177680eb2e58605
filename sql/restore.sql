-- A backup comes back as a server of its own, with what was there at the target.
SET client_min_messages = error;
CREATE EXTENSION IF NOT EXISTS poc_barman;
\set SHOW_CONTEXT never

SELECT format('host=%s port=%s dbname=%s user=%s', :'HOST', :'PORT', :'DBNAME', :'USER') AS home \gset
\set reader ' user=regress_restored password=only-for-this-test dbname=' :DBNAME
DROP ROLE IF EXISTS regress_restored;
CREATE ROLE regress_restored LOGIN PASSWORD 'only-for-this-test';
CREATE TABLE restored (n int);
GRANT SELECT ON restored TO regress_restored;
GRANT EXECUTE ON FUNCTION poc_fingerprint(regclass) TO regress_restored;

-- rows with a target behind each
SELECT count(*) > 0 AS waited FROM poc_wait_ready();
INSERT INTO restored VALUES (1);
SELECT status, backup_id FROM poc_backup() \gset
SELECT :'status' AS status;
INSERT INTO restored VALUES (2);
SELECT pg_current_wal_insert_lsn() AS lsn \gset
INSERT INTO restored VALUES (3);
SELECT pg_create_restore_point('regress point') IS NOT NULL AS point;
INSERT INTO restored VALUES (4) RETURNING pg_current_xact_id() AS xid \gset
INSERT INTO restored VALUES (5);
SELECT clock_timestamp() AS time FROM pg_sleep(0.01) \gset
SELECT pg_sleep(0.01);
INSERT INTO restored VALUES (6);
SELECT hash FROM poc_fingerprint('restored') \gset

-- without a target: all there is, though nothing has been archived since
SELECT state, conninfo, recovered_lsn > :'lsn' AS beyond, recovered_time > :'time' AS later,
	timeline > 1 AS own_timeline, port > 1024 AS port, restore_elapsed > '0' AS restored, recovery_elapsed > '0' AS recovered
FROM poc_restore('regress_all') \gset
SELECT :'state' AS state, :'beyond' AS beyond, :'later' AS later, :'own_timeline' AS own_timeline,
	:'port' AS port, :'restored' AS restored, :'recovered' AS recovered;
\set to :conninfo :reader
\c :to
SELECT string_agg(n::text, ' ' ORDER BY n) FROM restored;
SELECT hash = :'hash' AS same FROM poc_fingerprint('restored');

-- it writes, and is apart from production
SELECT pg_is_in_recovery();
SELECT name, setting FROM pg_settings
WHERE name IN ('archive_mode', 'archive_command', 'primary_conninfo', 'primary_slot_name', 'cluster_name',
	'shared_preload_libraries', 'max_wal_senders', 'max_logical_replication_workers')
ORDER BY name COLLATE "C";
\c :home
SET client_min_messages = error;
SELECT state FROM poc_drop_instance('regress_all');

-- each target, and not a row more
SELECT conninfo FROM poc_restore('regress_lsn', target_lsn => :'lsn') \gset
\set to :conninfo :reader
\c :to
SELECT string_agg(n::text, ' ' ORDER BY n) FROM restored;
\c :home
SET client_min_messages = error;
SELECT state FROM poc_drop_instance('regress_lsn');
SELECT conninfo FROM poc_restore('regress_name', target_name => 'regress point') \gset
\set to :conninfo :reader
\c :to
SELECT string_agg(n::text, ' ' ORDER BY n) FROM restored;
\c :home
SET client_min_messages = error;
SELECT state FROM poc_drop_instance('regress_name');
SELECT conninfo FROM poc_restore('regress_xid', :'backup_id', target_xid => :'xid') \gset
\set to :conninfo :reader
\c :to
SELECT string_agg(n::text, ' ' ORDER BY n) FROM restored;
\c :home
SET client_min_messages = error;
SELECT state FROM poc_drop_instance('regress_xid');
SELECT conninfo, recovered_time <= :'time' AS by_then FROM poc_restore('regress_time', target_time => :'time') \gset
\set to :conninfo :reader
\c :to
SELECT :'by_then' AS by_then, string_agg(n::text, ' ' ORDER BY n) FROM restored;
\c :home
SET client_min_messages = error;
SELECT state FROM poc_drop_instance('regress_time');
SELECT conninfo FROM poc_restore('regress_immediate', immediate => true) \gset
\set to :conninfo :reader
\c :to
SELECT string_agg(n::text, ' ' ORDER BY n) FROM restored;
\c :home
SET client_min_messages = error;
SELECT state FROM poc_drop_instance('regress_immediate');

-- the end of a switched segment is a position like any other
SELECT lsn FROM poc_switch_wal() \gset
SELECT state, recovered_lsn >= :'lsn' AS reached FROM poc_restore('regress_switch', target_lsn => :'lsn');

SELECT state FROM poc_drop_instance('regress_switch');
SELECT count(*) AS left_over FROM poc_instances() WHERE instance LIKE 'regress\_%';
DROP TABLE restored;
REVOKE EXECUTE ON FUNCTION poc_fingerprint(regclass) FROM regress_restored;
DROP ROLE regress_restored;
