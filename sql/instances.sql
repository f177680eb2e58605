-- Instances are named, listed and dropped; of a restore that fails only the error is left.
SET client_min_messages = error;
CREATE EXTENSION IF NOT EXISTS poc_barman;
\set SHOW_CONTEXT never
\set VERBOSITY sqlstate

SELECT count(*) > 0 AS waited FROM poc_wait_ready();
SELECT status FROM poc_backup();

-- names that are none, targets that are none, too many targets, backups that are none
SELECT poc_restore('');
SELECT poc_restore(NULL);
SELECT poc_restore('../x');
SELECT poc_restore('X');
SELECT poc_restore('1x');
SELECT poc_restore('a-b');
SELECT poc_restore(repeat('x', 42));
SELECT poc_restore('regress_x', target_name => '');
SELECT poc_restore('regress_x', target_name => E'a\nb');
SELECT poc_restore('regress_x', target_name => repeat('x', 64));
SELECT poc_restore('regress_x', target_xid => '1');
SELECT poc_restore('regress_x', target_time => 'infinity');
SELECT poc_restore('regress_x', target_time => '-infinity');
SELECT poc_restore('regress_x', target_name => 'a', immediate => true);
SELECT poc_restore('regress_x', '');
SELECT poc_restore('regress_x', NULL);
SELECT poc_restore('regress_x', 'last-failed');
SELECT poc_restore('regress_x', '20000101T000000');
SELECT poc_restore('regress_x', server => 'no_such_server');

-- targets that cannot be reached
SELECT poc_restore('regress_x', target_time => '2000-01-01');
SELECT poc_restore('regress_x', target_lsn => '0/1');
SELECT poc_restore('regress_x', target_lsn => 'FFFF/0');
SELECT poc_restore('regress_x', target_name => 'no such point');
SELECT j.state, split_part(j.error, E'\n', 1) AS error, (SELECT count(*) FROM poc_instances() WHERE instance = 'regress_x') AS instances
FROM poc_jobs() AS j WHERE j.kind = 'restore' LIMIT 1;
SELECT count(*) > 0 AS log FROM poc_job_log((SELECT job_id FROM poc_jobs() WHERE kind = 'restore' LIMIT 1))
WHERE line LIKE '%starting point-in-time recovery%';

-- its name is free again; not started, it waits for somebody to start it
SELECT state, conninfo, timeline FROM poc_restore('regress_x', immediate => true, start => false);
SELECT poc_restore('regress_x');
SELECT server, backup_id ~ '^\d{8}T\d{6}$' AS id, state, conninfo, recovered_lsn, restore_elapsed > '0' AS restored,
	recovery_elapsed, created > now() - interval '1 hour' AS created, bytes > 1000000 AS bytes, error
FROM poc_instances() WHERE instance = 'regress_x';
SELECT * FROM poc_drop_instance('regress_x');
SELECT * FROM poc_drop_instance('regress_x');
SELECT * FROM poc_drop_instance('../x');
SELECT * FROM poc_drop_instance(NULL);

-- as a job
SELECT instance, state, port FROM poc_restore('regress_x', immediate => true, wait => false);
SELECT poc_restore('regress_x');
SELECT job_id FROM poc_jobs() WHERE kind = 'restore' LIMIT 1 \gset
SELECT kind, state, result -> 'instance' ->> 'instance' AS instance, result -> 'instance' ->> 'state' AS instance_state
FROM poc_wait_job(:'job_id', '5 min');
SELECT * FROM poc_drop_instance('regress_x');

-- cancelled: nothing is left but the job
SELECT state FROM poc_restore('regress_x', wait => false);
SELECT job_id FROM poc_jobs() WHERE kind = 'restore' LIMIT 1 \gset
SELECT kind FROM poc_cancel_job(:'job_id');
SELECT state FROM poc_wait_job(:'job_id', '1 min');
SELECT j.state, split_part(j.error, E'\n', 1) AS error, (SELECT count(*) FROM poc_instances() WHERE instance = 'regress_x') AS instances
FROM poc_jobs() AS j WHERE j.kind = 'restore' LIMIT 1;
SELECT poc_drop_instance('regress_x');

-- two at once
SELECT count(*) FROM (VALUES ('regress_a'), ('regress_b')) AS v(name), poc_restore(v.name, immediate => true, wait => false) AS r;
SELECT state FROM (SELECT job_id FROM poc_jobs() WHERE kind = 'restore' LIMIT 2) AS j, poc_wait_job(j.job_id, '5 min');
SELECT count(DISTINCT port) AS ports FROM poc_instances() WHERE instance IN ('regress_a', 'regress_b') AND state = 'running';
SELECT state FROM poc_drop_instance('regress_a') UNION ALL SELECT state FROM poc_drop_instance('regress_b');
