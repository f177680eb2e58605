-- what poc_generate_rows() refuses, and how it says so
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS poc_barman;
RESET client_min_messages;
CREATE SCHEMA rows_refused;
SET search_path = rows_refused, public;
CREATE TABLE t (id serial PRIMARY KEY, a text);

SELECT poc_generate_rows(-1, 't');
\echo :SQLSTATE
SELECT poc_generate_rows(9223372036854775807, 't');
\echo :SQLSTATE
SELECT poc_generate_rows(NULL, 't');
\echo :SQLSTATE
SELECT poc_generate_rows(0, 't');
SELECT poc_generate_rows(1, 'no_such_table');
\echo :SQLSTATE
SELECT poc_generate_rows(1, 4294967295);
\echo :SQLSTATE
SELECT poc_generate_rows(1, 't', options => NULL);
\echo :SQLSTATE
SELECT poc_generate_rows(1, 't', options => '[]');
\echo :SQLSTATE
SELECT poc_generate_rows(1, 't', options => '{"indices": "each"}');
\echo :SQLSTATE
SELECT poc_generate_rows(1, 't', options => '{"indexes": "never"}');
\echo :SQLSTATE
SELECT poc_generate_rows(1, 't', options => '{"indexes": 1}');
\echo :SQLSTATE

CREATE VIEW v AS SELECT * FROM t;
CREATE MATERIALIZED VIEW mv AS SELECT * FROM t;
CREATE TYPE composite AS (a int);
SELECT poc_generate_rows(1, 'mv');
\echo :SQLSTATE
SELECT poc_generate_rows(1, 't_id_seq');
\echo :SQLSTATE
SELECT poc_generate_rows(1, 't_pkey');
\echo :SQLSTATE
SELECT poc_generate_rows(1, 'composite');
\echo :SQLSTATE
SELECT poc_generate_rows(1, 'pg_class');
\echo :SQLSTATE
SELECT poc_generate_rows(1, 'pg_authid');
\echo :SQLSTATE
-- nor through a view
SELECT poc_generate_rows(1, 'pg_group');
\echo :SQLSTATE
CREATE VIEW sneaky AS SELECT rolname FROM pg_authid;
SELECT poc_generate_rows(1, 'sneaky');
\echo :SQLSTATE

BEGIN TRANSACTION READ ONLY;
SELECT poc_generate_rows(1, 't');
ROLLBACK;
CREATE TEMP TABLE passing (a int);
BEGIN TRANSACTION READ ONLY;
SELECT poc_generate_rows(1, 'passing');
ROLLBACK;

-- after all that, the session works and nothing was written
SELECT count(*) FROM t;
SELECT poc_generate_rows(1, 't');

SET client_min_messages = warning;
DROP SCHEMA rows_refused CASCADE;
