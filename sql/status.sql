-- Barman's status as rows, and its streaming clients.
SET client_min_messages = error;
CREATE EXTENSION IF NOT EXISTS poc_barman;

SELECT count(*) > 5 AS many, bool_and(server = 'postgres1') AS of_server,
	bool_and(key <> '' AND description <> '') AS named
FROM poc_status();
SELECT value LIKE current_setting('server_version_num')::int / 10000 || '%' AS same_version
FROM poc_status() WHERE key = 'pg_version';

SELECT count(*) > 0 AS received FROM poc_wait_ready();
SELECT server, state, sent_lsn <= pg_current_wal_lsn() AS sent, sent_lag >= 0 AS lag,
	pid IN (SELECT r.pid FROM pg_stat_replication r) AS known_here
FROM poc_replication_status() WHERE application_name = 'barman_receive_wal';

SELECT jsonb_typeof(poc_diagnose()) AS diagnose, poc_diagnose() -> 'servers' ? 'postgres1' AS has_server;
SELECT poc_diagnose()::text ~ 'password=[^* ]' AS tells_passwords;
