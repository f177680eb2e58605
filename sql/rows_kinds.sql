-- poc_generate_rows() and the kinds of tables: indexes, triggers, partitions
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS poc_barman;
RESET client_min_messages;
CREATE SCHEMA rows_kinds;
SET search_path = rows_kinds, public;

-- every access method, filled with each row and after the load
CREATE TABLE indexed (id serial PRIMARY KEY, a int, b text, c int[], d point, e int);
CREATE INDEX ON indexed (a);
CREATE INDEX ON indexed USING hash (b);
CREATE INDEX ON indexed USING gin (c);
CREATE INDEX ON indexed USING gist (d);
CREATE INDEX ON indexed USING spgist (d);
CREATE INDEX ON indexed USING brin (e);
CREATE INDEX ON indexed ((a + e)) WHERE a > 5;
SELECT poc_generate_rows(3000, 'indexed', seed => 1, options => '{"indexes": "each"}');
SELECT hash AS each_hash FROM poc_fingerprint('indexed') \gset
TRUNCATE indexed RESTART IDENTITY;
SELECT poc_generate_rows(3000, 'indexed', seed => 1, options => '{"indexes": "after"}');
SELECT hash = :'each_hash' AS same FROM poc_fingerprint('indexed');
SET enable_seqscan = off;
SELECT count(*) FROM indexed WHERE id BETWEEN 1 AND 3000;
SELECT count(*) > 0 AS found FROM indexed WHERE c @> (SELECT c FROM indexed WHERE id = 17);
RESET enable_seqscan;
-- after the load only into an empty table, and not while this session uses it
SELECT poc_generate_rows(1, 'indexed', options => '{"indexes": "after"}');
TRUNCATE indexed;
BEGIN;
DECLARE c CURSOR FOR SELECT * FROM indexed;
SELECT poc_generate_rows(1, 'indexed', options => '{"indexes": "after"}');
ROLLBACK;
SELECT poc_generate_rows(2000, 'indexed') FROM (SELECT count(*) FROM indexed) AS used;

-- a trigger that looks for the new rows by an index finds them
CREATE TABLE looked_at (id int PRIMARY KEY);
CREATE FUNCTION look() RETURNS trigger LANGUAGE plpgsql SET enable_seqscan = off AS $$
BEGIN
	IF NOT EXISTS (SELECT 1 FROM rows_kinds.looked_at WHERE id = 1500) THEN
		RAISE 'row 1500 is not there';
	END IF;
	RETURN NULL;
END $$;
CREATE TRIGGER look AFTER INSERT ON looked_at FOR EACH STATEMENT EXECUTE FUNCTION look();
SELECT poc_generate_rows(2000, 'looked_at');

-- triggers of every kind fire as for INSERT
CREATE TABLE watched (id serial, a int, b text);
CREATE TABLE seen (what text, n bigint);
CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO seen VALUES (TG_WHEN || ' ' || TG_LEVEL, 1);
	IF TG_LEVEL = 'ROW' AND TG_WHEN = 'BEFORE' THEN
		NEW.b := 'from the trigger';
		IF NEW.id % 5 = 0 THEN
			RETURN NULL;
		END IF;
	END IF;
	RETURN NEW;
END $$;
CREATE FUNCTION note_new_rows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO seen SELECT 'transition table', count(*) FROM new_rows;
	RETURN NULL;
END $$;
CREATE TRIGGER t1 AFTER INSERT ON watched FOR EACH ROW EXECUTE FUNCTION note();
CREATE TRIGGER t2 BEFORE INSERT ON watched FOR EACH STATEMENT EXECUTE FUNCTION note();
CREATE TRIGGER t3 AFTER INSERT ON watched FOR EACH STATEMENT EXECUTE FUNCTION note();
CREATE TRIGGER t4 AFTER INSERT ON watched REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION note_new_rows();
SELECT poc_generate_rows(20, 'watched');
SELECT what, sum(n) FROM seen GROUP BY what ORDER BY what COLLATE "C";
TRUNCATE seen;
CREATE TRIGGER t5 BEFORE INSERT ON watched FOR EACH ROW EXECUTE FUNCTION note();
SELECT poc_generate_rows(20, 'watched') AS inserted;
SELECT what, sum(n) FROM seen GROUP BY what ORDER BY what COLLATE "C";
SELECT count(*), count(*) FILTER (WHERE b = 'from the trigger') AS changed FROM watched;
DROP TRIGGER t5 ON watched;

-- a volatile default may look at the table
CREATE FUNCTION how_many() RETURNS bigint LANGUAGE sql VOLATILE AS 'SELECT count(*) FROM rows_kinds.watched';
ALTER TABLE watched ADD COLUMN others bigint DEFAULT how_many();
SELECT poc_generate_rows(5, 'watched');

-- temporary, unlogged, inherited tables; a table of this very transaction
CREATE TEMP TABLE passing (id serial PRIMARY KEY, a text);
CREATE UNLOGGED TABLE unlogged (id serial PRIMARY KEY, a text);
CREATE TABLE heir (c int) INHERITS (unlogged);
SELECT poc_generate_rows(2000, 'passing'), poc_generate_rows(2000, 'unlogged'), poc_generate_rows(2000, 'heir');
SELECT count(*) AS own, (SELECT count(*) FROM unlogged) AS with_heirs FROM ONLY unlogged;
BEGIN;
CREATE TABLE fresh (id serial PRIMARY KEY, a text);
SAVEPOINT s;
SELECT poc_generate_rows(2000, 'fresh');
ROLLBACK TO s;
SELECT poc_generate_rows(10, 'fresh');
SELECT count(*), max(id) FROM fresh;
COMMIT;

-- sequences: steps, limits, caches, and what they say afterwards
CREATE SEQUENCE steps INCREMENT 10 START 5 MAXVALUE 10000;
CREATE TABLE stepped (id int DEFAULT nextval('steps'), a int);
SELECT poc_generate_rows(900, 'stepped'), lastval();
INSERT INTO stepped (a) VALUES (0) RETURNING id;
SELECT poc_generate_rows(150, 'stepped');
SELECT count(*), count(DISTINCT id), max(id) FROM stepped;
CREATE SEQUENCE backwards INCREMENT -1 CACHE 20;
CREATE TABLE countdown (id int DEFAULT nextval('backwards'), a int);
SELECT poc_generate_rows(50, 'countdown');
SELECT count(DISTINCT id), min(id) FROM countdown;

SET client_min_messages = warning;
DROP TABLE passing;
DROP SCHEMA rows_kinds CASCADE;
