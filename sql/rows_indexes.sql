-- indexes built after the load hold every row, whatever the keys are and however they got there
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS poc_barman;
RESET client_min_messages;
CREATE SCHEMA rows_indexes;
SET search_path = rows_indexes, public;
CREATE EXTENSION amcheck SCHEMA rows_indexes;

CREATE TABLE counted (id serial PRIMARY KEY, words varchar);
CREATE TABLE wide (id bigserial PRIMARY KEY, words varchar);
CREATE TABLE narrow (id smallserial PRIMARY KEY, words varchar);
CREATE TABLE numbered (words varchar, id bigint UNIQUE NOT NULL);
CREATE TABLE backwards (id serial, words varchar);
CREATE INDEX ON backwards (id DESC NULLS LAST);
CREATE TABLE spread (id serial PRIMARY KEY, words varchar) WITH (fillfactor = 20);
ALTER SEQUENCE spread_id_seq INCREMENT BY 1000;
CREATE TABLE falling (id serial PRIMARY KEY, words varchar);
ALTER SEQUENCE falling_id_seq INCREMENT BY -2 MINVALUE -100000 START -7 RESTART MAXVALUE 100;
CREATE TABLE random (id int, words varchar);
CREATE INDEX ON random (id);
CREATE TABLE gaps (id int UNIQUE, words varchar);
CREATE TABLE two (id serial PRIMARY KEY, words varchar);
CREATE INDEX ON two (words);
CREATE TABLE part (id serial, words varchar);
CREATE INDEX ON part (id) WHERE id > 500;
CREATE TABLE computed (id serial, words varchar);
CREATE INDEX ON computed ((id % 100));
CREATE UNLOGGED TABLE unlogged (id serial PRIMARY KEY, words varchar);
CREATE TEMP TABLE temporary (id serial PRIMARY KEY, words varchar);

CREATE FUNCTION examine(target regclass, OUT n bigint, OUT by_index bigint, OUT same boolean) LANGUAGE plpgsql
SET enable_seqscan = off SET enable_bitmapscan = off AS $$
DECLARE
	total numeric;
	ordered numeric;
BEGIN
	EXECUTE format('SELECT count(*), sum(id) FROM %s WHERE id + 0 IS NOT NULL OR id IS NULL', target) INTO n, total;
	EXECUTE format('SELECT count(*), sum(id) FROM (SELECT id FROM %s ORDER BY id DESC NULLS LAST) AS t', target) INTO by_index, ordered;
	same := total = ordered;
END $$;

SELECT t, poc_generate_rows(3000, t, seed => 1, options => '{"indexes": "after"}'), (examine(t)).*
FROM unnest('{counted,wide,narrow,numbered,backwards,spread,falling,random,gaps,two,part,computed,unlogged,temporary}'::regclass[]) AS t;

-- every level of the tree is there when the pages are nearly empty
CREATE TABLE tall (id bigserial, words varchar, PRIMARY KEY (id) WITH (fillfactor = 10));
SELECT poc_generate_rows(60000, 'tall', seed => 1), (examine('tall')).*;

-- each key is found, in the row that has it
SET enable_seqscan = off;
SET enable_bitmapscan = off;
EXPLAIN (costs off) SELECT id FROM counted WHERE id = 2999;
SELECT count(*) FROM generate_series(1, 3000) AS k CROSS JOIN LATERAL (SELECT id FROM counted WHERE id = k OFFSET 0) AS found WHERE id = k;
SELECT count(*) FROM generate_series(1, 3000) AS k CROSS JOIN LATERAL (SELECT id FROM wide WHERE id = k OFFSET 0) AS found WHERE id = k;
SELECT count(*) FROM generate_series(1, 2999001, 1000) AS k CROSS JOIN LATERAL (SELECT id FROM spread WHERE id = k OFFSET 0) AS found WHERE id = k;
SELECT min(id), max(id) FROM falling;
RESET enable_seqscan;
RESET enable_bitmapscan;

-- and goes on with each row
SELECT poc_generate_rows(500, 'counted'), (examine('counted')).*;
INSERT INTO counted VALUES (17, 'again');

-- rows that others write meanwhile, and an order of one's own
CREATE TABLE beside (id serial, words varchar);
CREATE INDEX ON beside (id);
CREATE FUNCTION write_beside(id int) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
	IF id = 700 THEN
		INSERT INTO rows_indexes.beside VALUES (-1, 'beside');
	END IF;
	RETURN true;
END $$;
ALTER TABLE beside ADD CHECK (write_beside(id));
CREATE FUNCTION compare_backwards(a int, b int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT btint4cmp(b, a)';
CREATE OPERATOR CLASS backwards_ops FOR TYPE int USING btree AS
	OPERATOR 1 >, OPERATOR 2 >=, OPERATOR 3 =, OPERATOR 4 <=, OPERATOR 5 <, FUNCTION 1 compare_backwards(int, int);
CREATE TABLE ordered (id serial, words varchar);
CREATE INDEX ON ordered (id backwards_ops);
SELECT t, poc_generate_rows(3000, t, seed => 1, options => '{"indexes": "after"}'), (examine(t)).same
FROM unnest('{beside,ordered}'::regclass[]) AS t;
SET enable_seqscan = off;
SET enable_bitmapscan = off;
SELECT count(*) > 0 FROM beside WHERE id = -1;
SELECT count(*) FROM ordered WHERE id BETWEEN 10 AND 19;
RESET enable_seqscan;
RESET enable_bitmapscan;

-- what is rolled back leaves nothing
BEGIN;
TRUNCATE counted;
SAVEPOINT before;
SELECT poc_generate_rows(1000, 'counted');
ROLLBACK TO before;
SELECT poc_generate_rows(2000, 'counted'), (examine('counted')).*;
ROLLBACK;
SELECT (examine('counted')).*;

-- each level of each tree agrees with the next and with the table
SELECT count(*) AS btrees, count(bt_index_parent_check(c.oid, heapallindexed => true, rootdescend => true)::text) AS sound
FROM pg_class AS c JOIN pg_am ON pg_am.oid = relam
WHERE relnamespace IN ('rows_indexes'::regnamespace, pg_my_temp_schema()) AND relkind = 'i' AND amname = 'btree';

SET client_min_messages = warning;
DROP SCHEMA rows_indexes CASCADE;
