-- the btree that a load writes is the one that REINDEX builds, byte for byte, and so is what the catalog says of it
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS poc_barman;
CREATE SCHEMA rows_btree;
SET search_path = rows_btree, public;
CREATE EXTENSION amcheck SCHEMA rows_btree;
CREATE EXTENSION pageinspect SCHEMA rows_btree;

-- a page without what every write changes (LSN, checksum) and the hole, where anything may be
CREATE FUNCTION content(index text) RETURNS TABLE (block int, bytes bytea) LANGUAGE sql AS $$
SELECT block, substring(page FROM 11 FOR lower - 10) || substring(page FROM upper + 1)
FROM generate_series(0, pg_relation_size(index::regclass) / current_setting('block_size')::int - 1) AS b(block),
	get_raw_page(index, block) AS page, page_header(page)
$$;

-- what index_update_stats() and reindex_index() leave
CREATE FUNCTION facts(target text, index text) RETURNS text[] LANGUAGE sql AS $$
SELECT array_agg(concat_ws(' ', relkind, relpages, reltuples, relallvisible, relhasindex, relpersistence, reltablespace,
	relkind = 'r' OR pg_relation_filenode(c.oid) <> c.oid) ORDER BY relkind) ||
	(SELECT array[concat_ws(' ', indisvalid, indisready, indislive, indcheckxmin)] FROM pg_index WHERE indexrelid = index::regclass)
FROM pg_class AS c WHERE oid IN (target::regclass, index::regclass)
$$;

-- two tables with the same rows; one btree is written, the other built by PostgreSQL
CREATE FUNCTION compare(type text, index text, n int, step int = 1, kind text = 'TABLE', options text = '',
	OUT pages int, OUT level int, OUT same_pages boolean, OUT same_facts boolean) LANGUAGE plpgsql
SET client_min_messages = warning AS $$
DECLARE
	build text;
BEGIN
	FOREACH build IN ARRAY '{after,reindex}'::text[] LOOP
		EXECUTE format('CREATE %s %s (id %s, words char(20)) %s', kind, build, type, options);
		EXECUTE format('CREATE %s', format(index, 'on_' || build, build));
		EXECUTE format('ALTER SEQUENCE %s INCREMENT %s MINVALUE %s', pg_get_serial_sequence(build, 'id'), step, least(1, step::bigint * n));
		PERFORM poc_generate_rows(n, build::regclass, seed => 1, options => jsonb_build_object('indexes', build));
		PERFORM bt_index_parent_check('on_' || build, heapallindexed => true, rootdescend => true);
	END LOOP;
	SELECT count(*), count(*) = count(*) FILTER (WHERE a.bytes = b.bytes) INTO pages, same_pages
	FROM content('on_after') AS a FULL JOIN content('on_reindex') AS b USING (block);
	SELECT m.level INTO level FROM bt_metap('on_after') AS m;
	same_facts := facts('after', 'on_after') = facts('reindex', 'on_reindex');
	DROP TABLE after, reindex;
END $$;

-- around the ends of leaves and of the pages above them
SELECT n, (compare('serial', 'UNIQUE INDEX %s ON %s (id)', n)).*
FROM unnest('{1,2,366,367,368,733,734,104312}'::int[]) AS n;
SELECT fillfactor, n, (compare('serial', format('UNIQUE INDEX %%s ON %%s (id) WITH (fillfactor = %s)', fillfactor), n)).*
FROM (VALUES (10, 38), (10, 39), (10, 40), (10, 10793), (10, 10794), (10, 11000), (55, 5000), (100, 407), (100, 408), (100, 5000)) AS v(fillfactor, n);

-- types, options of an index, integers far apart
SELECT type, (compare(type, 'UNIQUE INDEX %s ON %s (id)', 9000)).* FROM unnest('{smallserial,serial,bigserial}'::text[]) AS type;
SELECT index, (compare('bigserial', index, 9000)).*
FROM unnest('{INDEX %s ON %s (id),INDEX %s ON %s (id) WITH (deduplicate_items = off),INDEX %s ON %s (id NULLS FIRST)}'::text[]) AS index;
SELECT step, (compare('bigserial', 'UNIQUE INDEX %s ON %s (id)', 9000, step)).* FROM unnest('{3,100000000}'::int[]) AS step;
SELECT (compare('serial', 'UNIQUE INDEX %s ON %s (id)', 9000, options => 'WITH (fillfactor = 40, autovacuum_enabled = off)')).*;
SELECT kind, (compare('serial', 'UNIQUE INDEX %s ON %s (id)', 9000, kind => kind)).* FROM unnest('{UNLOGGED TABLE,TEMP TABLE}'::text[]) AS kind;

-- what holds no ascending integers PostgreSQL builds either way
SELECT (compare('serial', 'INDEX %s ON %s (id DESC)', 2000)).*;
SELECT (compare('serial', 'INDEX %s ON %s (id, words)', 2000)).*;
SELECT (compare('serial', 'INDEX %s ON %s (id)', 2000, -1)).*;

-- an index whose use had to wait, and whose table has been emptied since, need not wait any more
CREATE TABLE waited (id serial PRIMARY KEY, words char(20));
UPDATE pg_index SET indcheckxmin = true WHERE indexrelid = 'waited_pkey'::regclass;
SELECT poc_generate_rows(2000, 'waited', options => '{"indexes": "after"}');
SELECT indcheckxmin FROM pg_index WHERE indexrelid = 'waited_pkey'::regclass;

-- settings and the user are as before
SET search_path = pg_catalog, public, rows_btree;
CREATE ROLE rows_btree_owner;
GRANT ALL ON SCHEMA rows_btree TO rows_btree_owner;
CREATE TABLE rows_btree.owned (id serial PRIMARY KEY, words char(20));
ALTER TABLE rows_btree.owned OWNER TO rows_btree_owner;
SELECT poc_generate_rows(2000, 'rows_btree.owned', options => '{"indexes": "after"}');
SELECT current_user = session_user AS same_user, current_setting('search_path');
INSERT INTO rows_btree.owned VALUES (17);

-- the options that build an index after the load fail where they cannot
INSERT INTO rows_btree.waited VALUES (0);
SELECT poc_generate_rows(1, 'rows_btree.waited', options => '{"indexes": "reindex"}');

DROP SCHEMA rows_btree CASCADE;
DROP ROLE rows_btree_owner;
