-- A backup after it was made: verified, kept, and neither released nor deleted
-- from here: the primary's token may operate, but destroy nothing.
SET client_min_messages = error;
CREATE EXTENSION IF NOT EXISTS poc_barman;
\set SHOW_CONTEXT never

SELECT count(*) > 0 AS waited FROM poc_wait_ready();
SELECT status, backup_id FROM poc_backup() \gset
SELECT :'status' AS status;

SELECT job_id <> '' AS job, status, detail <> '' AS detail FROM poc_verify_backup();
SELECT status FROM poc_verify_backup(:'backup_id');

-- that it is kept is seen, with or without a retention policy
SELECT retention FROM poc_backups() WHERE backup_id = :'backup_id';
SELECT job_id <> '' AS job, status, detail FROM poc_keep_backup(:'backup_id');
SELECT retention FROM poc_backups() WHERE backup_id = :'backup_id';
-- each of these would let the retention policy remove something
SELECT status FROM poc_keep_backup(:'backup_id', 'standalone');
SELECT status FROM poc_keep_backup(:'backup_id', 'release');
SELECT status FROM poc_keep_backup(:'backup_id');

-- bad input
\set VERBOSITY sqlstate
SELECT poc_keep_backup(:'backup_id', 'nokeep');
SELECT poc_keep_backup(:'backup_id', NULL);
SELECT poc_keep_backup('');
SELECT poc_keep_backup(NULL);
SELECT poc_keep_backup('20000101T000000');
SELECT poc_verify_backup('latest; rm');
SELECT poc_verify_backup('20000101T000000');
SELECT poc_verify_backup(server => 'no_such_server');

-- who breaks into the primary must not be able to destroy its backups
\set VERBOSITY default
SELECT poc_delete_backup(:'backup_id');
SELECT count(*) FROM poc_backups() WHERE backup_id = :'backup_id';
