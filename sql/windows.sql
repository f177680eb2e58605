-- What can be restored, how and how long.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS poc_barman;
SELECT count(*) > 0 AS made FROM poc_backup() WHERE status = 'DONE';
SELECT poc_seed() IS NOT NULL AS seeded;
SELECT poc_generate_rows(100, 'dummy') AS rows;
SELECT archived FROM poc_switch_wal();
