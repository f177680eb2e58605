-- pages are added for many rows at once, but no more than they need, and not while there is room
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS poc_barman;
RESET client_min_messages;
CREATE SCHEMA rows_pages;
SET search_path = rows_pages, public;
CREATE EXTENSION amcheck SCHEMA rows_pages;

CREATE FUNCTION pages(target regclass, OUT pages bigint, OUT empty bigint) LANGUAGE plpgsql
SET search_path = pg_catalog AS $$
BEGIN
	pages := pg_relation_size(target) / current_setting('block_size')::int;
	EXECUTE format('SELECT %s - count(DISTINCT (ctid::text::point)[0]) FROM %s', pages, target) INTO empty;
END
$$;

CREATE TABLE keyed (id serial PRIMARY KEY, words char(100));
CREATE TABLE plain (id bigint, words char(100)) WITH (fillfactor = 50);
CREATE UNLOGGED TABLE unlogged (id serial PRIMARY KEY, words char(100));
CREATE TEMP TABLE temporary (id serial PRIMARY KEY, words char(100));
SELECT poc_generate_rows(50000, target, seed => 1) FROM unnest('{keyed,plain,unlogged,temporary}'::regclass[]) AS target;
SELECT target, empty <= 0.1 * pages AS few_empty FROM unnest('{keyed,plain,unlogged,temporary}'::regclass[]) AS target, pages(target);

-- a row beyond the first batch needs one page
CREATE TABLE little (id serial PRIMARY KEY, words char(100));
SELECT poc_generate_rows(1001, 'little', seed => 1);
SELECT empty FROM pages('little');

-- what is free is used first
CREATE TABLE holes (id int PRIMARY KEY, words char(100));
SELECT poc_generate_rows(50000, 'holes', seed => 1);
DELETE FROM holes WHERE id % 4 > 0;
-- (nobody who could still see the rows, such as an autovacuum that analyzes, keeps them from VACUUM)
DO $$
BEGIN
	WHILE EXISTS (SELECT FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND
		(backend_xid IS NOT NULL OR datname = current_database() AND backend_xmin IS NOT NULL)) LOOP
		PERFORM pg_stat_clear_snapshot();
	END LOOP;
END
$$;
VACUUM (INDEX_CLEANUP on) holes;
SELECT pages AS before FROM pages('holes') \gset
SELECT poc_generate_rows(30000, 'holes', seed => 2);
SELECT pages - :before AS more, empty <= 0.1 * pages AS few_empty FROM pages('holes');
SELECT poc_generate_rows(50000, 'holes', seed => 3);
SELECT pages > :before AS more, empty <= 0.1 * pages AS few_empty FROM pages('holes');

-- rows of partitions come in turns
CREATE TABLE parted (id serial, part int NOT NULL CHECK (part BETWEEN 1 AND 4), words char(100)) PARTITION BY LIST (part);
CREATE TABLE parted_often PARTITION OF parted FOR VALUES IN (1, 2, 3);
CREATE TABLE parted_rarely PARTITION OF parted FOR VALUES IN (4);
SELECT poc_generate_rows(50000, 'parted', seed => 1);
SELECT target, empty <= 0.1 * pages AS few_empty FROM unnest('{parted_often,parted_rarely}'::regclass[]) AS target, pages(target);

-- workers share
CREATE TABLE filled (id bigint, words char(100));
SET client_min_messages = warning;
CALL poc_fill('filled', rows => 200000, workers => 2, seed => 1);
RESET client_min_messages;
SELECT empty <= 0.1 * pages AS few_empty FROM pages('filled');

-- what was added for rows that were not to be is used by the next
CREATE TABLE undone (id serial PRIMARY KEY, words char(100));
BEGIN;
SELECT poc_generate_rows(50000, 'undone', seed => 1);
ROLLBACK;
VACUUM undone;
SELECT poc_generate_rows(50000, 'undone', seed => 1);
SELECT empty <= 0.1 * pages AS few_empty FROM pages('undone');

-- and every index is sound
SELECT count(*) AS btrees, count(bt_index_parent_check(c.oid, heapallindexed => true, rootdescend => true)::text) AS sound
FROM pg_class AS c JOIN pg_am ON pg_am.oid = relam
WHERE relnamespace IN ('rows_pages'::regnamespace, pg_my_temp_schema()) AND relkind = 'i' AND amname = 'btree';

SET client_min_messages = warning;
DROP SCHEMA rows_pages CASCADE;
