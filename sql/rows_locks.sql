-- Building indexes after the load takes a lock that keeps everybody out: "auto" does so only where it is gone at once.
SET client_min_messages = error;
CREATE EXTENSION IF NOT EXISTS poc_barman;
CREATE SCHEMA rows_locks;
SET search_path = rows_locks, public;
CREATE TABLE t (id int PRIMARY KEY, words text);
CREATE VIEW locks AS SELECT mode FROM pg_locks
	WHERE pid = pg_backend_pid() AND relation = 't'::regclass ORDER BY mode COLLATE "C";
CREATE VIEW plan AS SELECT generator, detail FROM poc_explain_rows('t') WHERE type = 'indexes';

-- a statement that is its own transaction
SELECT * FROM plan;

-- a transaction block
BEGIN;
SELECT * FROM plan;
SELECT poc_generate_rows(2000, 't');
SELECT * FROM locks WHERE mode ~ 'Exclusive';
ROLLBACK;
-- or a part of one
BEGIN;
SAVEPOINT s;
SELECT poc_generate_rows(2000, 't', options => '{"indexes": "auto"}');
SELECT * FROM locks WHERE mode ~ 'Exclusive';
ROLLBACK;
-- and whatever else keeps a statement from being the transaction: several in one message, a function that handles errors
SELECT poc_generate_rows(2000, 't') \; SELECT * FROM locks WHERE mode ~ 'Exclusive';
TRUNCATE t;
DO $$
BEGIN
	PERFORM poc_generate_rows(2000, 't');
	RAISE INFO '%', (SELECT array_agg(mode) FROM locks WHERE mode = 'AccessExclusiveLock');
EXCEPTION WHEN division_by_zero THEN
	NULL;
END
$$;
TRUNCATE t;

-- who asks for it gets it
BEGIN;
SELECT poc_generate_rows(2000, 't', options => '{"indexes": "after"}');
SELECT * FROM locks WHERE mode = 'AccessExclusiveLock';
ROLLBACK;

-- not under SERIALIZABLE, where others rely on what the indexes hold
BEGIN ISOLATION LEVEL SERIALIZABLE;
SELECT * FROM plan;
SELECT poc_generate_rows(2000, 't');
SELECT * FROM locks WHERE mode ~ 'Exclusive';
SAVEPOINT s;
TRUNCATE t;
SELECT poc_generate_rows(2000, 't', options => '{"indexes": "after"}');
ROLLBACK;
SET default_transaction_isolation = serializable;
SELECT detail FROM plan;
SELECT poc_generate_rows(2000, 't');
RESET default_transaction_isolation;
DROP SCHEMA rows_locks CASCADE;
