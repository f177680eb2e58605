-- the doctor: a row for each matter, and a remedy that can be typed for each that is not well
SET client_min_messages = error;
CREATE EXTENSION IF NOT EXISTS poc_barman;

-- a server that is in use: WAL archived, a backup there
SELECT count(*) > 0 AS ready FROM poc_wait_ready();
SELECT archived FROM poc_switch_wal();
SELECT coalesce((SELECT status FROM poc_backups() WHERE status = 'DONE' LIMIT 1), (poc_backup()).status) AS backup;

-- without a limit a slot can fill the disk: the one thing that an ordinary server has not set
ALTER SYSTEM SET max_slot_wal_keep_size = '10GB';
SELECT pg_reload_conf();
-- once this session has read it
\set ECHO none
\o /dev/null
SELECT $$SELECT pg_sleep(0.02) WHERE current_setting('max_slot_wal_keep_size') <> '10GB'$$ FROM generate_series(1, 1000) \gexec
\o
\set ECHO all

-- what is looked at
SELECT string_agg(DISTINCT area, ', ' ORDER BY area) AS areas FROM poc_doctor() WHERE area <> 'drill';

-- all is well, but for what others may have left of backups and disk
SELECT area, finding, remedy FROM poc_doctor() WHERE NOT ok AND area NOT IN ('backups', 'disk', 'drill');

-- in words; what differs from one moment to the next is left out
SELECT area, ok, regexp_replace(finding, 'line \d+', 'line N') AS finding FROM poc_doctor()
WHERE area IN ('extension', 'token', 'clock', 'server', 'access')
	OR finding ~ '^(wal_level|max_slot|synchronous|no backup waits)'
ORDER BY area, finding COLLATE "C";

-- every row is whole, and says what to do only if something is to be done
SELECT count(*) > 25 AS many,
	bool_and(area <> '' AND ok IS NOT NULL AND finding <> '') AS whole,
	bool_and((remedy IS NOT NULL) = NOT ok) AS remedies
FROM poc_doctor();

-- what is not well comes first
REVOKE pg_read_all_stats, pg_read_all_settings FROM barman;
SELECT bool_and(ok >= before) AS failing_first
FROM (SELECT ok, lag(ok, 1, false) OVER (ORDER BY n) AS before
	FROM poc_doctor() WITH ORDINALITY AS d(area, ok, finding, remedy, n)) AS d;

-- and its remedy can be typed
SELECT finding, remedy FROM poc_doctor() WHERE NOT ok AND area = 'access';
SELECT remedy FROM poc_doctor() WHERE NOT ok AND area = 'access' \gset
SELECT unnest(string_to_array(:'remedy', ';')) \gexec
SELECT finding, ok FROM poc_doctor() WHERE area = 'access' AND finding LIKE 'role barman%';

ALTER SYSTEM SET max_slot_wal_keep_size = -1;
SELECT pg_reload_conf();
-- once this session has read it
\set ECHO none
\o /dev/null
SELECT $$SELECT pg_sleep(0.02) WHERE current_setting('max_slot_wal_keep_size') <> '-1'$$ FROM generate_series(1, 1000) \gexec
\o
\set ECHO all
SELECT finding, remedy FROM poc_doctor() WHERE area = 'retention' AND NOT ok;
ALTER SYSTEM RESET max_slot_wal_keep_size;
SELECT pg_reload_conf();

-- a server that Barman does not have is a finding; this server is examined all the same
SELECT area, finding FROM poc_doctor('nosuch') WHERE NOT ok AND area NOT IN ('retention', 'drill');
SELECT string_agg(DISTINCT area, ', ' ORDER BY area) AS areas FROM poc_doctor('nosuch') WHERE area <> 'drill';

-- the time limit that the doctor sets itself is not left behind
BEGIN;
SELECT count(*) > 0 AS rows FROM poc_doctor();
SHOW poc_barman.timeout;
COMMIT;

-- for who monitors, and nobody else
CREATE ROLE regress_doctor_monitor IN ROLE pg_monitor;
CREATE ROLE regress_doctor_nobody;
SET ROLE regress_doctor_monitor;
SELECT count(*) > 25 AS many FROM poc_doctor();
SELECT count(*) FROM _poc.doctor_facts(NULL);
SET ROLE regress_doctor_nobody;
SELECT count(*) FROM poc_doctor();
RESET ROLE;
DROP ROLE regress_doctor_monitor;
DROP ROLE regress_doctor_nobody;
