-- poc_mark(): a restore point, and what the tables held at that point
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS poc_barman;
RESET client_min_messages;
CREATE SCHEMA mark;
SET search_path = mark, public;
\set VERBOSITY terse

CREATE TABLE t (id int PRIMARY KEY, b text, c timestamptz, d float8);
INSERT INTO t SELECT i, repeat('row ' || i, i), '2020-01-01 00:00+00'::timestamptz + i * interval '1 hour', i / 3.0
	FROM generate_series(1, 1000) AS i;
CREATE TABLE small (id int);
CREATE TABLE parts (id int) PARTITION BY RANGE (id);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (1) TO (500);
CREATE TABLE parts_2 PARTITION OF parts FOR VALUES FROM (500) TO (2000);
INSERT INTO parts SELECT generate_series(1, 1000);
CREATE VIEW contents AS SELECT mark, relation, rows, bytes, hash FROM _poc.mark_tables;

-- what it returns, and what is kept of it
SELECT pg_current_wal_insert_lsn() AS before, clock_timestamp() AS began \gset
SELECT name, lsn, at, tables, rows FROM poc_mark('regress_named', ARRAY['t', 'parts', 'small', 't']::regclass[]) \gset
SELECT :'name' AS name, :tables AS tables, :rows AS rows, :'lsn'::pg_lsn > :'before' AS lsn, :'at'::timestamptz >= :'began' AS at;
SELECT m.lsn = :'lsn' AS lsn, m.at = :'at' AS at, m.tables, m.rows, m.bytes > 0 AS bytes, m.timeline = c.timeline_id AS timeline,
	m.system_identifier = s.system_identifier AS cluster
FROM poc_marks AS m, pg_control_checkpoint() AS c, pg_control_system() AS s WHERE m.name = 'regress_named';
SELECT relation, rows, bytes >= 0 AS bytes, hash = (poc_fingerprint(relation::regclass)).hash AS hash
FROM contents WHERE mark = 'regress_named' ORDER BY relation;

-- equal content is an equal hash: neither order, dead rows, TOAST nor storage matter
CREATE TABLE copy (LIKE t);
ALTER TABLE copy ALTER b SET STORAGE EXTERNAL, ADD COLUMN gone int, SET (fillfactor = 20);
ALTER TABLE copy DROP COLUMN gone;
INSERT INTO copy SELECT * FROM t ORDER BY id DESC;
UPDATE copy SET d = d + 1 WHERE id % 2 = 0;
UPDATE copy SET d = d - 1, b = b || '' WHERE id % 2 = 0;
UPDATE copy SET d = t.d FROM t WHERE t.id = copy.id;
DELETE FROM copy WHERE id = 7;
INSERT INTO copy SELECT * FROM t WHERE id = 7;
SELECT pg_table_size('copy') > pg_table_size('t') AS stored_otherwise;
SET timezone = 'Asia/Tokyo';
SET datestyle = 'German';
SET extra_float_digits = -5;
SELECT rows FROM poc_mark('regress_copy', ARRAY['copy'::regclass]);
RESET timezone; RESET datestyle; RESET extra_float_digits;
-- and one bit that differs is another
UPDATE copy SET id = id # 1024 WHERE id = 7;
SELECT rows FROM poc_mark('regress_bit', ARRAY['copy'::regclass]);
SELECT c.mark, c.hash = t.hash AS same FROM contents AS c, contents AS t
WHERE c.relation = 'mark.copy' AND t.mark = 'regress_named' AND t.relation = 'mark.t' ORDER BY c.mark COLLATE "C" DESC;

-- without tables: every one that holds rows and that a backup brings back
CREATE UNLOGGED TABLE unlogged (id int);
CREATE TEMP TABLE temporary (id int);
CREATE VIEW view AS SELECT * FROM t;
CREATE MATERIALIZED VIEW filled AS SELECT * FROM t;
CREATE MATERIALIZED VIEW empty AS SELECT * FROM t WITH NO DATA;
CREATE TABLE parent (id int);
CREATE TABLE child () INHERITS (parent);
INSERT INTO child VALUES (1), (2);
CREATE TABLE large (t text);
ALTER TABLE large ALTER t SET STORAGE EXTERNAL;
INSERT INTO large SELECT repeat('x', 30 * 1024 * 1024);
SET poc_barman.mark_size_limit = '20MB';
SELECT tables > 0 AS tables FROM poc_mark('regress_all');
SELECT relation, rows FROM contents WHERE mark = 'regress_all' AND relation LIKE 'mark.%' ORDER BY relation;
SELECT count(*) FROM contents WHERE mark = 'regress_all'
	AND (relation LIKE 'pg\_%' OR relation LIKE 'information\_schema.%' OR relation LIKE '%.\_poc\_%');
-- the limit tells what it leaves out, and has nothing to say of a table that is named
\set VERBOSITY default
SELECT tables > 0 AS tables FROM poc_mark('regress_limit');
SELECT tables FROM poc_mark('regress_large', ARRAY['large'::regclass]);
SET poc_barman.mark_size_limit = -1;
SELECT tables > 0 AS tables FROM poc_mark('regress_unlimited');
SELECT mark, rows FROM contents WHERE relation = 'mark.large' ORDER BY mark;
RESET poc_barman.mark_size_limit;

-- a mark that was rolled back has never been; one that is deleted leaves nothing behind
BEGIN;
SELECT tables FROM poc_mark('regress_rolled_back', ARRAY['t'::regclass]);
ROLLBACK;
SELECT tables FROM poc_mark('regress_rolled_back', ARRAY['t'::regclass]);
DELETE FROM poc_marks WHERE name LIKE 'regress\_%';
SELECT count(*) FROM contents WHERE mark LIKE 'regress\_%';
SET client_min_messages = warning;
DROP SCHEMA mark CASCADE;
