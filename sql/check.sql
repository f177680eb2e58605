-- Barman's checks as rows.
SET client_min_messages = error;
CREATE EXTENSION IF NOT EXISTS poc_barman;

SELECT count(*) > 0 AS waited FROM poc_wait_ready();

SELECT count(*) > 10 AS many, bool_and(server = 'postgres1') AS of_server,
	count(DISTINCT check_name) = count(*) AS distinct_names
FROM poc_check();
SELECT check_name, ok FROM poc_check('postgres1')
WHERE check_name IN ('postgresql', 'postgresql_streaming', 'replication_slot', 'receive_wal_running')
ORDER BY check_name;
SELECT check_name, hint FROM poc_check() WHERE NOT ok AND check_name <> 'failed_backups';
