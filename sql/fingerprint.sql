-- poc_fingerprint() depends on the content of a table, and on nothing else
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS poc_barman;
RESET client_min_messages;
CREATE SCHEMA fingerprint;
SET search_path = fingerprint, public;
CREATE TYPE mood AS ENUM ('sad', 'ok');
CREATE TABLE t (a int, b text, c timestamptz, d float8, e mood, f interval, g bytea, h numeric, i int[], j jsonb, k money, l regclass);
SELECT * FROM poc_fingerprint('t');
INSERT INTO t SELECT i, 'row ' || i, '2020-01-01 00:00+00'::timestamptz + i * interval '1 hour', i / 3.0, 'ok', i * interval '1 minute',
	int4send(i), i / 7.0, ARRAY[i, i + 1], jsonb_build_object('i', i), i::numeric::money, 't' FROM generate_series(1, 1000) AS i;
SELECT rows, hash AS first FROM poc_fingerprint('t') \gset
SELECT :rows AS rows, :'first' ~ '^[0-9a-f]{32}$' AS hash;

-- the order of rows, how they are stored and the settings of the session do not matter
CREATE TABLE copy (LIKE t);
ALTER TABLE copy ALTER b SET STORAGE EXTERNAL, ADD COLUMN gone int;
ALTER TABLE copy DROP COLUMN gone;
INSERT INTO copy SELECT * FROM t ORDER BY a DESC;
SET timezone = 'Asia/Tokyo';
SET datestyle = 'German';
SET extra_float_digits = -5;
SET intervalstyle = 'iso_8601';
SET bytea_output = 'escape';
SELECT hash = :'first' AS same FROM poc_fingerprint('copy');
SET search_path = public;
SELECT hash = :'first' AS same FROM poc_fingerprint('fingerprint.copy');
SET search_path = fingerprint, public;
RESET timezone; RESET datestyle; RESET extra_float_digits; RESET intervalstyle; RESET bytea_output;
CREATE TABLE parts (LIKE t) PARTITION BY RANGE (a);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (1) TO (500);
CREATE TABLE parts_2 PARTITION OF parts FOR VALUES FROM (500) TO (2000);
INSERT INTO parts SELECT * FROM t;
SELECT hash = :'first' AS same FROM poc_fingerprint('parts');

-- workers come to the same sum
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SELECT hash = :'first' AS same FROM poc_fingerprint('t');
RESET parallel_setup_cost; RESET parallel_tuple_cost; RESET min_parallel_table_scan_size;

-- every change is seen: a value, a null, a row twice, values that change places
BEGIN; UPDATE copy SET d = d + 1e-9 WHERE a = 17; SELECT rows, hash = :'first' AS same FROM poc_fingerprint('copy'); ROLLBACK;
BEGIN; UPDATE copy SET b = NULL WHERE a = 17; SELECT rows, hash = :'first' AS same FROM poc_fingerprint('copy'); ROLLBACK;
BEGIN; UPDATE copy SET b = '' WHERE a = 17; SELECT rows, hash = :'first' AS same FROM poc_fingerprint('copy'); ROLLBACK;
BEGIN; UPDATE copy SET e = 'sad' WHERE a = 17; SELECT rows, hash = :'first' AS same FROM poc_fingerprint('copy'); ROLLBACK;
BEGIN; INSERT INTO copy SELECT * FROM t WHERE a = 17; SELECT rows, hash = :'first' AS same FROM poc_fingerprint('copy'); ROLLBACK;
BEGIN; DELETE FROM copy WHERE a = 17; SELECT rows, hash = :'first' AS same FROM poc_fingerprint('copy'); ROLLBACK;
CREATE TABLE ab (a text, b text);
INSERT INTO ab VALUES ('x', 'yz'), ('', NULL);
SELECT hash AS before FROM poc_fingerprint('ab') \gset
UPDATE ab SET a = 'xy', b = 'z' WHERE a = 'x';
SELECT hash = :'before' AS same FROM poc_fingerprint('ab');
-- an enum is its label, not its OID
SELECT hash AS before FROM poc_fingerprint('t') \gset
ALTER TABLE t ALTER e TYPE text;
DROP TYPE mood CASCADE;
SELECT hash = :'before' AS same FROM poc_fingerprint('t');

SELECT * FROM poc_fingerprint(NULL);
SELECT * FROM poc_fingerprint('no_such_table');
SET client_min_messages = warning;
DROP SCHEMA fingerprint CASCADE;
