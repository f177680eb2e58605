-- A backup is DONE, also on a server that nobody else writes to.
SET client_min_messages = error;
CREATE EXTENSION IF NOT EXISTS poc_barman;

SELECT count(*) > 0 AS waited FROM poc_wait_ready();

SELECT job_id <> '' AS job, backup_id ~ '^\d{8}T\d{6}$' AS id, type, status, size > 1000000 AS size,
	elapsed BETWEEN '0 s' AND '5 min' AS elapsed
FROM poc_backup();

-- not waiting, it is a job to be followed
SELECT job_id, status IN ('queued', 'running') AS under_way, backup_id IS NULL AS no_id_yet
FROM poc_backup(wait => false) \gset
SELECT :'under_way' AS under_way;
\set VERBOSITY sqlstate
SELECT * FROM poc_backup();
\set VERBOSITY default
SELECT kind, server, state, result -> 'backup' ->> 'status' AS status, error
FROM poc_wait_job(:'job_id');

-- cancelled with the query, and when its time is over; the next one goes on
SELECT max(created) AS before FROM poc_jobs() \gset
SELECT count(*) AS servers FROM poc_servers();
-- pages for its checkpoint to take its time with
CREATE TABLE written (id bigint, words text);
SELECT poc_generate_rows(100000, 'written') AS rows;
\set VERBOSITY sqlstate
SET statement_timeout = '600ms';
SELECT * FROM poc_backup('postgres1', immediate_checkpoint => false);
RESET statement_timeout;
SELECT job_id FROM poc_jobs() WHERE created > :'before' AND kind = 'backup' \gset
SELECT state FROM poc_wait_job(:'job_id', timeout => '30 s');
SELECT poc_generate_rows(100000, 'written') AS rows;
SELECT * FROM poc_backup('postgres1', timeout => '200 ms', immediate_checkpoint => false);
SELECT job_id FROM poc_jobs() WHERE created > :'before' AND kind = 'backup' LIMIT 1 \gset
SELECT state FROM poc_wait_job(:'job_id', timeout => '30 s');
\set VERBOSITY default
SELECT status FROM poc_backup();
DROP TABLE written;

-- no such parent, or too old for incremental backups: clear either way
DO $$
BEGIN
	PERFORM poc_backup(incremental => '20000101T000000');
	RAISE EXCEPTION 'taken';
EXCEPTION WHEN undefined_object OR object_not_in_prerequisite_state THEN
	NULL;
END
$$;
\set VERBOSITY sqlstate
SELECT * FROM poc_backup('no_such_server');
