-- rows that PostgreSQL does not keep itself: foreign tables, other access methods, extensions that distribute
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS poc_barman;
CREATE EXTENSION IF NOT EXISTS postgres_fdw;
CREATE EXTENSION IF NOT EXISTS file_fdw;
RESET client_min_messages;
CREATE SCHEMA rows_managed;
SET search_path = rows_managed, public;

-- a foreign table; what it says of its columns is obeyed
DO $$
BEGIN
	EXECUTE format('CREATE SERVER poc_rows_loopback FOREIGN DATA WRAPPER postgres_fdw OPTIONS (dbname %L, host %L, port %L)',
		current_database(), split_part(current_setting('unix_socket_directories'), ',', 1), current_setting('port'));
	EXECUTE format('CREATE USER MAPPING FOR CURRENT_USER SERVER poc_rows_loopback OPTIONS (user %L)', current_user);
END $$;
CREATE SERVER poc_rows_files FOREIGN DATA WRAPPER file_fdw;
CREATE TABLE remote (id int, size int, words text);
CREATE FOREIGN TABLE far (id int NOT NULL, size int CHECK (size BETWEEN 5 AND 7), words varchar(10))
	SERVER poc_rows_loopback OPTIONS (schema_name 'rows_managed', table_name 'remote');
SELECT column_name, generator, detail FROM poc_explain_rows('far');
SELECT poc_generate_rows(500, 'far', seed => 1);
SELECT poc_generate_rows(500, 'far', options => '{"path": "multi"}');
SELECT count(*), min(size), max(size), max(length(words)) FROM remote;
CREATE FOREIGN TABLE in_a_file (id int) SERVER poc_rows_files OPTIONS (filename '/nowhere');
SELECT poc_generate_rows(1, 'in_a_file');
\echo :SQLSTATE
CREATE FOREIGN DATA WRAPPER poc_rows_nothing;
CREATE SERVER poc_rows_nowhere FOREIGN DATA WRAPPER poc_rows_nothing;
CREATE FOREIGN TABLE nowhere (id int) SERVER poc_rows_nowhere;
SELECT poc_generate_rows(1, 'nowhere');

-- foreign partitions: those that take rows get theirs, an archive gets none
CREATE TABLE parts (id int, k int) PARTITION BY RANGE (k);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (10);
CREATE TABLE remote_2 (id int, k int);
CREATE FOREIGN TABLE parts_2 PARTITION OF parts FOR VALUES FROM (10) TO (20) SERVER poc_rows_loopback OPTIONS (schema_name 'rows_managed', table_name 'remote_2');
CREATE FOREIGN TABLE parts_3 PARTITION OF parts FOR VALUES FROM (20) TO (30) SERVER poc_rows_files OPTIONS (filename '/nowhere');
SELECT generator, detail FROM poc_explain_rows('parts') LIMIT 1;
SELECT poc_generate_rows(1000, 'parts');
SELECT (SELECT count(*) FROM parts_1) > 300 AS here, (SELECT count(*) FROM remote_2) > 300 AS there;
SELECT poc_generate_rows(10, 'parts_2');
CREATE TABLE archive (k int) PARTITION BY RANGE (k);
CREATE FOREIGN TABLE archive_1 PARTITION OF archive FOR VALUES FROM (20) TO (30) SERVER poc_rows_files OPTIONS (filename '/nowhere');
SELECT poc_generate_rows(1, 'archive');

-- another table access method: the executor writes, and keys go on after the rows that are there
CREATE ACCESS METHOD poc_rows_heap TYPE TABLE HANDLER heap_tableam_handler;
CREATE TABLE elsewhere (k int PRIMARY KEY, words text UNIQUE) USING poc_rows_heap;
SELECT generator, detail FROM poc_explain_rows('elsewhere', '{"path": "multi"}') LIMIT 1;
SELECT poc_generate_rows(1500, 'elsewhere'), poc_generate_rows(1500, 'elsewhere');
SELECT count(*), max(k) FROM elsewhere;
SELECT poc_generate_rows(1, 'elsewhere', options => '{"indexes": "after"}');
-- also when it is filled because others refer to it, by one who may not lock its rows
CREATE TABLE parent (k int PRIMARY KEY) USING poc_rows_heap;
CREATE TABLE child (k int NOT NULL REFERENCES parent);
SELECT poc_generate_rows(100, 'child', options => '{"parents": true, "foreign_keys": "each"}');
SELECT count(*) FROM parent;
CREATE TABLE mixed (k int) PARTITION BY RANGE (k);
CREATE TABLE mixed_1 PARTITION OF mixed FOR VALUES FROM (0) TO (10) USING poc_rows_heap;
SELECT generator, detail FROM poc_explain_rows('mixed') LIMIT 1;
SET client_min_messages = warning;
CALL poc_fill('elsewhere', 5000, workers => 2);
RESET client_min_messages;
SELECT count(*), max(k) FROM elsewhere;

-- a table that an extension lists as its own; anybody may make a list of that name, but not as a member of an extension
CREATE SCHEMA _timescaledb_catalog;
CREATE TABLE _timescaledb_catalog.hypertable (schema_name name, table_name name);
CREATE TABLE measured (at timestamptz PRIMARY KEY, value float8);
INSERT INTO _timescaledb_catalog.hypertable VALUES ('rows_managed', 'measured');
SELECT generator FROM poc_explain_rows('measured') LIMIT 1;
ALTER EXTENSION poc_barman ADD TABLE _timescaledb_catalog.hypertable;
SELECT generator, detail FROM poc_explain_rows('measured') LIMIT 1;
SELECT generator FROM poc_explain_rows('remote') LIMIT 1;
-- its rows are in other tables
CREATE TABLE measured_1 () INHERITS (measured);
CREATE FUNCTION send() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO rows_managed.measured_1 VALUES (NEW.*); RETURN NULL; END';
CREATE TRIGGER send BEFORE INSERT ON measured FOR EACH ROW EXECUTE FUNCTION send();
SELECT poc_generate_rows(100, 'measured', seed => 1), poc_generate_rows(100, 'measured', seed => 1);
SELECT count(*), count(DISTINCT at) FROM measured;
ALTER EXTENSION poc_barman DROP TABLE _timescaledb_catalog.hypertable;
-- the same for the catalog of Citus
SET allow_system_table_mods = on;
CREATE TABLE pg_catalog.pg_dist_partition (logicalrelid regclass);
ALTER EXTENSION poc_barman ADD TABLE pg_catalog.pg_dist_partition;
INSERT INTO pg_catalog.pg_dist_partition VALUES ('remote_2');
SELECT t, (SELECT generator FROM poc_explain_rows(t::regclass) LIMIT 1) AS path FROM unnest(ARRAY['remote', 'remote_2']) AS t;
ALTER EXTENSION poc_barman DROP TABLE pg_catalog.pg_dist_partition;
DROP TABLE pg_catalog.pg_dist_partition;
RESET allow_system_table_mods;

SET client_min_messages = warning;
DROP SCHEMA _timescaledb_catalog CASCADE;

-- who owns an extension may add a list of their own to it: none is read, as a query would run their code
CREATE ROLE poc_managed_owner;
CREATE SCHEMA _timescaledb_catalog AUTHORIZATION poc_managed_owner;
SET client_min_messages = error;
SET ROLE poc_managed_owner;
CREATE FUNCTION _timescaledb_catalog.ran(result anyelement) RETURNS anyelement IMMUTABLE LANGUAGE plpgsql AS
$$BEGIN RAISE WARNING 'the list of another role ran as %', current_user; RETURN result; END$$;
CREATE TABLE _timescaledb_catalog.hypertable (schema_name name, table_name name);
CREATE INDEX ON _timescaledb_catalog.hypertable ((table_name = _timescaledb_catalog.ran('x'::text)));
RESET ROLE;
ALTER EXTENSION poc_barman ADD TABLE _timescaledb_catalog.hypertable;
\c -
SET client_min_messages = warning;
SET search_path = rows_managed, public;
SELECT generator, detail FROM poc_explain_rows('measured') LIMIT 1;
SELECT poc_generate_rows(1, 'remote');
ALTER EXTENSION poc_barman DROP TABLE _timescaledb_catalog.hypertable;
DROP SCHEMA _timescaledb_catalog CASCADE;
DROP ROLE poc_managed_owner;
DROP SCHEMA rows_managed CASCADE;
DROP ACCESS METHOD poc_rows_heap;
DROP SERVER poc_rows_loopback CASCADE;
DROP SERVER poc_rows_files CASCADE;
DROP FOREIGN DATA WRAPPER poc_rows_nothing CASCADE;
DROP EXTENSION postgres_fdw, file_fdw;
