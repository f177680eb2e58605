-- poc_mark(): what it refuses, and to whom
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS poc_barman;
RESET client_min_messages;
CREATE ROLE regress_poc_marker;
CREATE SCHEMA mark;
GRANT USAGE ON SCHEMA mark TO regress_poc_marker;
SET search_path = mark, public;
CREATE TABLE t (id int, secret text);
INSERT INTO t VALUES (1, 'one'), (2, 'two');
CREATE VIEW v AS SELECT * FROM t;
CREATE SEQUENCE s;
CREATE UNLOGGED TABLE unlogged (id int);

-- names
SELECT * FROM poc_mark(NULL);
\set VERBOSITY terse
SELECT * FROM poc_mark('');
SELECT * FROM poc_mark('before upgrade');
SELECT * FROM poc_mark('it''s');
SELECT * FROM poc_mark('--help');
SELECT * FROM poc_mark(repeat('x', 64));
\set VERBOSITY default
SELECT tables FROM poc_mark(repeat('x', 63), '{t}');
SELECT tables FROM poc_mark('regress_first', '{t}');
SELECT tables FROM poc_mark('regress_first', '{t}');

-- tables
SELECT * FROM poc_mark('regress_tables', '{}');
SELECT * FROM poc_mark('regress_tables', '{t, NULL}');
SELECT * FROM poc_mark('regress_tables', '{v}');
\set VERBOSITY terse
SELECT * FROM poc_mark('regress_tables', '{s}');
SELECT * FROM poc_mark('regress_tables', '{no_such_table}');
SELECT * FROM poc_mark('regress_tables', '{4294967295}');
\set VERBOSITY default
SELECT * FROM poc_mark('regress_tables', '{unlogged}');
SELECT * FROM poc_mark('regress_tables', '{pg_class}');
SELECT * FROM poc_mark('regress_tables', '{_poc.marks}');

-- transactions in which the tables may look otherwise than after a restore
BEGIN;
INSERT INTO t VALUES (3, 'three');
SELECT * FROM poc_mark('regress_transaction', '{t}');
ROLLBACK;
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT * FROM poc_mark('regress_transaction', '{t}');
ROLLBACK;

-- nobody, unless granted
SET ROLE regress_poc_marker;
SELECT * FROM poc_mark('regress_marker', '{t}');
TABLE poc_marks;
RESET ROLE;
-- and then only what may be read
GRANT EXECUTE ON FUNCTION poc_mark TO regress_poc_marker;
SET ROLE regress_poc_marker;
SELECT * FROM poc_mark('regress_marker', '{t}');
RESET ROLE;
GRANT SELECT (id) ON t TO regress_poc_marker;
\set VERBOSITY terse
SET ROLE regress_poc_marker;
SELECT * FROM poc_mark('regress_marker', '{t}');
RESET ROLE;
GRANT SELECT ON t TO regress_poc_marker;
SET ROLE regress_poc_marker;
SELECT name, tables, rows FROM poc_mark('regress_marker', '{t}');
-- the rights it is stored with are gone again, and no mark can be made up
SELECT current_user;
INSERT INTO _poc.marks VALUES ('regress_forged', '0/1', 1, 1, now());
INSERT INTO _poc.mark_tables VALUES ('regress_marker', 'x', 1, 1, 'x');
UPDATE poc_marks SET lsn = '0/1';
DELETE FROM poc_marks;
RESET ROLE;
-- a policy is an error, not a part of the table for the whole
ALTER TABLE t ENABLE ROW LEVEL SECURITY;
CREATE POLICY one ON t FOR SELECT USING (id = 1);
SET ROLE regress_poc_marker;
SELECT * FROM poc_mark('regress_policy', '{t}');
SHOW row_security;
RESET ROLE;
-- monitoring sees the marks
GRANT pg_monitor TO regress_poc_marker;
SET ROLE regress_poc_marker;
SELECT name, tables, rows FROM poc_marks WHERE name LIKE 'regress\_%' ORDER BY name;
RESET ROLE;

DELETE FROM poc_marks WHERE name LIKE 'regress\_%' OR name LIKE 'xxx%';
SET client_min_messages = warning;
DROP SCHEMA mark CASCADE;
REVOKE ALL ON FUNCTION poc_mark FROM regress_poc_marker;
DROP ROLE regress_poc_marker;
