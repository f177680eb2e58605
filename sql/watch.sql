-- What can be restored, how and how long, as rows: their shape, and what they refuse.
SET client_min_messages = error;
CREATE EXTENSION IF NOT EXISTS poc_barman;
\set VERBOSITY terse
\set SHOW_CONTEXT never
CREATE ROLE regress_watch_reader IN ROLE pg_monitor;
CREATE ROLE regress_watch_nobody;
SELECT status FROM poc_backup();
SELECT pg_current_wal_insert_lsn() AS lsn \gset
SELECT archived FROM poc_switch_wal();

-- windows: in order, with their sources, and what is not known null
SELECT count(*) > 0 AS there_are,
	bool_and(from_lsn IS NULL OR from_lsn <= until_lsn) AS forward,
	bool_and((from_time IS NULL) = (from_time_source IS NULL) AND (until_time IS NULL) = (until_time_source IS NULL)) AS sourced,
	bool_and((gap_first_wal IS NULL) = (gap_segments IS NULL) AND gap_first_wal <= gap_last_wal IS NOT FALSE) AS gaps,
	bool_or(:'lsn' BETWEEN from_lsn AND until_lsn) AS reaches
FROM poc_recovery_windows();
SELECT bool_or(b.backup_id = ANY (w.backups)) AS has_the_latest
FROM poc_recovery_windows() AS w, poc_show_backup('latest') AS b;
SELECT * FROM poc_recovery_windows('no_such_server');

-- a plan: the backup that poc_restore() would take, and what it needs
SELECT ok, backup_id = (SELECT s.backup_id FROM poc_show_backup('latest') AS s) AS latest
FROM poc_explain_restore(target_lsn => :'lsn') WHERE item = 'restore';
SELECT item, ok, segments > 0 AS segments, bytes > 0 AS bytes
FROM poc_explain_restore(target_lsn => :'lsn') WHERE item IN ('backup', 'wal', 'disk') ORDER BY item COLLATE "C";
SELECT item, ok FROM poc_explain_restore(target_lsn => '0/1') ORDER BY item COLLATE "C" DESC;
SELECT DISTINCT ok FROM poc_explain_restore(target_name => 'no such point') WHERE item IN ('restore', 'wal');
SELECT * FROM poc_explain_restore(target_time => 'infinity');
SELECT * FROM poc_explain_restore(target_time => now() + interval '1 day');
SELECT * FROM poc_explain_restore(exclusive => true);
SELECT * FROM poc_explain_restore(target_lsn => '0/1', immediate => true);
SELECT * FROM poc_explain_restore(target_name => repeat('x', 64));
SELECT * FROM poc_explain_restore('no_such_backup');
SELECT * FROM poc_explain_restore(server => 'no_such_server');

-- a forecast has a time or a reason, and never both
SELECT count(*) > 0 AS there_are, bool_and((full_at IS NULL) = (reason IS NOT NULL)) AS reasoned FROM poc_forecast();
SELECT * FROM poc_forecast('no_such_server');

-- who has written what was archived last: this database, for one
CREATE TABLE regress_watch AS SELECT n, repeat('x', 100) AS text FROM generate_series(1, 5000) AS n;
SELECT archived FROM poc_switch_wal();
SELECT bytes > 500000 AS bytes, records > 50 AS records, share > 0 AND share <= 1 AS share, first_wal <= last_wal AS named, unread
FROM poc_wal_by_database(4) WHERE database = current_database();
SELECT round(sum(share)::numeric, 6) AS all_of_it FROM poc_wal_by_database(4);
DROP TABLE regress_watch;
SELECT * FROM poc_wal_by_database(0);
SELECT * FROM poc_wal_by_database(65);
SELECT * FROM poc_wal_by_database(server => 'no_such_server');

-- a job in one row
SELECT count(*) FROM poc_watch();
SELECT * FROM poc_watch('no such job');

-- readers may, and nobody else
SET ROLE regress_watch_reader;
SELECT count(*) > 0 AS may FROM poc_recovery_windows();
SELECT count(*) > 0 AS may FROM poc_explain_restore();
SELECT count(*) > 0 AS may FROM poc_forecast();
SELECT count(*) > 0 AS may FROM poc_watch();
SET ROLE regress_watch_nobody;
SELECT count(*) FROM poc_recovery_windows();
SELECT count(*) FROM poc_explain_restore();
SELECT count(*) FROM poc_forecast();
SELECT count(*) FROM poc_watch();
RESET ROLE;
DROP ROLE regress_watch_reader, regress_watch_nobody;
