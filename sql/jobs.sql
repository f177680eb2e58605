-- Jobs: what ran, what it said, and ending it.
SET client_min_messages = error;
CREATE EXTENSION IF NOT EXISTS poc_barman;

SELECT count(*) >= 0 AS ran FROM poc_cron();
SELECT kind, server, state, error, created <= ended AS times, elapsed >= '0 s' AS elapsed
FROM poc_jobs() WHERE kind = 'cron' LIMIT 1;
SELECT array_agg(created) = array_agg(created ORDER BY created DESC) AS newest_first FROM poc_jobs();

-- started and left alone, then followed
SELECT count(*) > 0 AS waited FROM poc_wait_ready();
SELECT job_id FROM poc_backup(wait => false) \gset
SELECT state IN ('queued', 'running') AS returns_in_time FROM poc_wait_job(:'job_id', timeout => '0 s');
SELECT state, ended IS NOT NULL AS ended FROM poc_wait_job(:'job_id');
SELECT count(*) > 0 AS has_log, min(n) AS first, bool_and(line <> '') AS lines,
	array_agg(n) = array_agg(n ORDER BY n) AS in_order
FROM poc_job_log(:'job_id');
SELECT state FROM poc_wait_job(:'job_id', timeout => '0 s');

-- cancelled
SELECT job_id FROM poc_backup(wait => false, immediate_checkpoint => false) \gset
SELECT job_id = :'job_id' AS cancels FROM poc_cancel_job(:'job_id');
SELECT state FROM poc_wait_job(:'job_id');

\set VERBOSITY sqlstate
SELECT * FROM poc_cancel_job(:'job_id');
SELECT * FROM poc_cancel_job('no-such-job');
SELECT * FROM poc_cancel_job(NULL);
SELECT * FROM poc_job_log('no-such-job');
SELECT * FROM poc_job_log('../servers');
SELECT * FROM poc_job_log('');
SELECT * FROM poc_wait_job('no-such-job');
SELECT * FROM poc_wait_job(NULL);
SELECT * FROM poc_wait_job(:'job_id', timeout => '-1 s');
