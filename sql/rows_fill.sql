-- CALL poc_fill(): parallel workers make the rows that one session makes
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS poc_barman;
CREATE SCHEMA rows_fill;
SET search_path = rows_fill, public;

-- the same rows, whoever makes them and however many they are
CREATE TABLE parent (id int PRIMARY KEY);
INSERT INTO parent SELECT generate_series(1, 50);
CREATE TABLE alone (k int PRIMARY KEY, words text, n numeric(10,2), email varchar(80) UNIQUE, p int REFERENCES parent);
CREATE TABLE one (LIKE alone INCLUDING ALL, FOREIGN KEY (p) REFERENCES parent);
CREATE TABLE many (LIKE alone INCLUDING ALL, FOREIGN KEY (p) REFERENCES parent);
SELECT poc_generate_rows(15000, 'alone', 5, '{"null_fraction": 0.1}');
CALL poc_fill('one', 15000, workers => 1, seed => 5, options => '{"null_fraction": 0.1}');
CALL poc_fill('many', 15000, workers => 3, seed => 5, options => '{"null_fraction": 0.1}');
SELECT rows, hash AS alone_hash FROM poc_fingerprint('alone') \gset
SELECT rows, hash = :'alone_hash' AS same FROM poc_fingerprint('one');
SELECT rows, hash = :'alone_hash' AS same FROM poc_fingerprint('many');
-- counting goes on
CALL poc_fill('many', 5000, workers => 2, seed => 5);
SELECT count(*), max(k) FROM many;

-- sequences, partitions, a view; up to a size
CREATE TABLE parts (id bigserial, at date) PARTITION BY RANGE (at);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');
CREATE TABLE parts_2 PARTITION OF parts FOR VALUES FROM ('2021-01-01') TO ('2022-01-01');
CALL poc_fill('parts', 8000);
SELECT count(*), count(DISTINCT id), count(DISTINCT tableoid) FROM parts;
CREATE VIEW v AS SELECT at FROM parts;
CALL poc_fill('v', 2000);
SELECT count(*) FROM parts;
CREATE TABLE sized (a bigint, b text);
CALL poc_fill('sized', size => '3 MB');
SELECT pg_table_size('sized') BETWEEN 3 * 1024 * 1024 AND 6 * 1024 * 1024 AS sized FROM sized LIMIT 1;
SELECT count(*) AS before FROM sized \gset
CALL poc_fill('sized', size => '1 MB');
SELECT count(*) = :before AS unchanged FROM sized;

-- user and settings of the caller hold in the workers
DROP ROLE IF EXISTS poc_rows_filler;
CREATE ROLE poc_rows_filler;
CREATE TABLE who (id int, name text DEFAULT current_user, zone text DEFAULT current_setting('timezone'), path text DEFAULT current_setting('search_path'));
GRANT USAGE ON SCHEMA rows_fill TO poc_rows_filler;
GRANT INSERT ON who TO poc_rows_filler;
SET timezone = 'Asia/Tokyo';
SET ROLE poc_rows_filler;
CALL poc_fill('who', 2000);
CALL poc_fill('sized', 10);
\echo :SQLSTATE
RESET ROLE;
RESET timezone;
SELECT DISTINCT name, zone, path, count(*) FROM who GROUP BY 1, 2, 3;

-- what it refuses; a worker's error arrives whole
CALL poc_fill('sized');
\echo :SQLSTATE
CALL poc_fill('sized', rows => -1);
\echo :SQLSTATE
CALL poc_fill('sized', 10, workers => 65);
\echo :SQLSTATE
CALL poc_fill('sized', size => '-1 MB');
\echo :SQLSTATE
CALL poc_fill('sized', 10, options => '{"colums": {}}');
\echo :SQLSTATE
CREATE TEMP TABLE passing (a int);
CALL poc_fill('passing', 10);
\echo :SQLSTATE
BEGIN;
CALL poc_fill('sized', 10);
\echo :SQLSTATE
ROLLBACK;
CREATE TABLE impossible (a int NOT NULL CHECK (a % 7 = 9));
CALL poc_fill('impossible', 10, workers => 1);
\echo :SQLSTATE
SELECT count(*) FROM pg_stat_activity WHERE backend_type LIKE 'poc_barman%';

DROP TABLE passing;
DROP SCHEMA rows_fill CASCADE;
DROP ROLE poc_rows_filler;
