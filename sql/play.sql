-- The whole scenario.
SET client_min_messages = error;
CREATE EXTENSION IF NOT EXISTS poc_barman;

-- not where it could not commit
\set SHOW_CONTEXT never
BEGIN;
CALL poc_play();
ROLLBACK;

-- a line for each step as it goes, and a row at the end
\set VERBOSITY sqlstate
CALL poc_play() \gset
\if :ERROR
\echo :LAST_ERROR_MESSAGE
\endif
SELECT :steps AS steps, :'status' AS status, :'elapsed'::interval > '0 s' AS elapsed;
SELECT backup_id = :'backup_id' AS is_newest, status FROM poc_backups() LIMIT 1;
SELECT count(*) >= 111100 AS rows FROM dummy;
SELECT count(*) AS left_behind FROM poc_instances() WHERE instance ~ '^play_';
