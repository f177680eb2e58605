-- the three paths make the same rows; explained and previewed beforehand
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS poc_barman;
RESET client_min_messages;
CREATE SCHEMA rows_paths;
SET search_path = rows_paths, public;

CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
CREATE TYPE pair AS (number int, words text);
CREATE DOMAIN percentage AS int CHECK (VALUE BETWEEN 0 AND 100);
CREATE TABLE parent (a int, b text, PRIMARY KEY (a, b));
SELECT poc_generate_rows(20, 'parent', seed => 1);
CREATE TABLE many (
	id serial PRIMARY KEY, k int UNIQUE, u uuid UNIQUE, c_bool bool, c_bytea bytea, c_char "char", c_name name, c_int8 int8, c_int2 int2,
	c_text text, c_json json, c_jsonb jsonb, c_float4 float4, c_float8 float8, c_money money, c_numeric numeric, c_numeric_10_2 numeric(10,2),
	c_inet inet, c_macaddr macaddr, c_char_10 char(10), c_varchar_7 varchar(7), c_date date, c_time time, c_timetz timetz, c_timestamptz timestamptz(3),
	c_interval interval, c_bit bit(5), c_point point, c_tsvector tsvector, c_mood mood, c_percentage percentage, c_pair pair, c_ints int[], c_moods mood[],
	c_range int4range, c_multirange datemultirange, fixed text DEFAULT 'fixed', made timestamptz DEFAULT now(),
	twice int GENERATED ALWAYS AS (k * 2) STORED, ref_a int, ref_b text, low int, high int,
	FOREIGN KEY (ref_a, ref_b) REFERENCES parent, CHECK (low < high), CHECK (c_int2 BETWEEN 5 AND 50));
CREATE TABLE one (LIKE many INCLUDING ALL, FOREIGN KEY (ref_a, ref_b) REFERENCES parent);
CREATE TABLE query (LIKE many INCLUDING ALL, FOREIGN KEY (ref_a, ref_b) REFERENCES parent);
CREATE SEQUENCE one_id;
CREATE SEQUENCE query_id;
ALTER TABLE one ALTER id SET DEFAULT nextval('one_id');
ALTER TABLE query ALTER id SET DEFAULT nextval('query_id');

SELECT poc_generate_rows(700, 'many', 7, '{"path": "multi"}'), poc_generate_rows(700, 'one', 7, '{"path": "single"}'),
	poc_generate_rows(700, 'query', 7, '{"path": "query"}');
SELECT poc_generate_rows(300, 'many', 8, '{"path": "multi"}'), poc_generate_rows(300, 'one', 8, '{"path": "single"}'),
	poc_generate_rows(300, 'query', 8, '{"path": "query"}');
SELECT rows, hash AS many_hash FROM poc_fingerprint('many') \gset
SELECT rows, hash = :'many_hash' AS same FROM poc_fingerprint('one');
SELECT rows, hash = :'many_hash' AS same FROM poc_fingerprint('query');

-- what was said beforehand
SELECT * FROM poc_explain_rows('many') WHERE column_name IS NULL;
SELECT generator FROM poc_explain_rows('one', '{"path": "single"}') LIMIT 1;
SELECT generator FROM poc_explain_rows('one', '{"path": "query"}') LIMIT 1;
SELECT column_name, generator, detail FROM poc_explain_rows('many')
WHERE column_name IN ('id', 'k', 'u', 'c_int2', 'c_text', 'fixed', 'made', 'twice', 'ref_a', 'c_ints', 'c_mood');
SELECT count(*) FROM many;
SELECT p->'id' AS id, (p->>'k')::int AS k, length(p->>'c_text') AS text, p->>'fixed' AS fixed, p ? 'twice' AS twice
FROM poc_preview_rows('many', 3, seed => 7) AS p;
-- the preview shows the very rows
TRUNCATE many RESTART IDENTITY;
CREATE TEMP TABLE previewed AS SELECT p FROM poc_preview_rows('many', 50, seed => 11) AS p;
SELECT poc_generate_rows(50, 'many', seed => 11);
SELECT count(*) FROM previewed, many AS m WHERE to_jsonb(m) @> p;
SELECT poc_preview_rows('many', -1);
SELECT * FROM poc_preview_rows('many', 0);

-- what the last run did
SELECT target, rows, seed, path, elapsed > '0' AS elapsed, rows_per_second > 0 AS speed, wal_bytes BETWEEN 1000 AND 1000000 AS wal FROM poc_last_rows();

-- where nothing is computed the tuples are formed by the extension
ALTER TABLE many ALTER twice DROP EXPRESSION, DROP c_bytea;
ALTER TABLE one ALTER twice DROP EXPRESSION, DROP c_bytea;
TRUNCATE many, one RESTART IDENTITY;
SELECT setval('one_id', 1, false);
SELECT poc_generate_rows(2500, 'many', 9, '{"null_fraction": 0.1}'), poc_generate_rows(2500, 'one', 9, '{"null_fraction": 0.1, "path": "single"}');
SELECT many.hash = one.hash AS same
FROM poc_fingerprint('many') AS many, poc_fingerprint('one') AS one;

-- what the multi-insert path must not be forced upon
CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER t BEFORE INSERT ON one FOR EACH ROW EXECUTE FUNCTION nothing();
SELECT generator, detail FROM poc_explain_rows('one', '{"path": "multi"}') LIMIT 1;

SET client_min_messages = warning;
DROP TABLE previewed;
DROP SCHEMA rows_paths CASCADE;
